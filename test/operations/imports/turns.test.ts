/** Imports that are kept whole and batches, all at once: each takes its turns before it begins, and nobody waits in a circle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { AllocationRecord, ExchangeKind, ExchangeLine, PoolRecord } from '../../../src/model/exchange.js';
import { runBatch } from '../../../src/operations/batches/run-batch.js';
import { applyImport } from '../../../src/operations/imports/apply-import.js';
import { getImport } from '../../../src/operations/imports/get-import.js';
import { receiveImport } from '../../../src/operations/imports/receive-import.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createQuota } from '../../../src/operations/quotas/create-quota.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { openPatientHall, type PatientHall } from '../../support/patient-hall.js';

let patient: PatientHall;
beforeAll(async () => {
  patient = await openPatientHall();
});
afterAll(() => patient.stop());

async function* lines(records: readonly (AllocationRecord | PoolRecord)[]): AsyncGenerator<ExchangeLine> {
  for (const [at, record] of records.entries()) yield { line: at + 1, text: JSON.stringify(record), record };
}

async function receive(kind: ExchangeKind, spaceId: string, records: readonly (AllocationRecord | PoolRecord)[]): Promise<string> {
  const call = { operation: 'import', actor: { tokenId: null, name: 'test', role: 'admin' }, requestId: 'test' };
  return (await receiveImport(patient.hall, call, { kind, spaceId, mode: 'atomic', dryRun: false }, { lines: lines(records), hash: () => Buffer.alloc(0) })).result.id;
}

async function apply(importId: string): Promise<void> {
  await applyImport(patient.hall, importId, new AbortController().signal);
  expect(await patient.hall.read(getImport, { importId })).toMatchObject({ state: 'done', refused: 0 });
}

async function newSpace(): Promise<{ id: string; pools: [string, string] }> {
  const { id } = await patient.hall.act('createSpace', createSpace, { name: uuidv7() });
  const newPool = async (name: string, prefix: string): Promise<string> => (await patient.hall.act('createPool', createPool, { spaceId: id, name, prefixes: [prefix] })).id;
  return { id, pools: [await newPool('a', '45.96.0.0/16'), await newPool('b', '45.97.0.0/16')] };
}

/** A chunk a pool, and a holder a chunk. */
const allocations = (holders: readonly string[], paths: readonly string[] = ['/a', '/b']): AllocationRecord[] =>
  paths.flatMap((pool, part) => {
    const holder = holders[part] ?? '';
    return Array.from({ length: 1_000 }, (_, at) => ({ pool, prefix: `45.${pool === '/a' ? 96 : 97}.${at >> 6}.${(at & 63) << 2}/30`, holder, service: 's' }));
  });

test('two whose holders come in opposite order', async () => {
  for (const holder of ['red', 'blue']) await patient.hall.act('createQuota', createQuota, { holder, ipv4Addresses: '1000000' });
  const spaces = [await newSpace(), await newSpace()];
  const imports = await Promise.all([['red', 'blue'], ['blue', 'red']].map((holders, at) => receive('allocations', spaces[at]?.id ?? '', allocations(holders))));
  await Promise.all(imports.map(apply));
});

/** Pools by id, as batches take them, and their paths the other way round. */
async function opposed(): Promise<{ spaceId: string; poolIds: string[]; paths: string[] }> {
  const { id, pools } = await newSpace();
  return { spaceId: id, poolIds: pools.toSorted(), paths: pools[0] < pools[1] ? ['/b', '/a'] : ['/a', '/b'] };
}

async function whileBatchesTakeFrom(poolIds: readonly string[], importing: Promise<void>): Promise<void> {
  const items = poolIds.map((poolId) => ({ operation: 'allocatePrefix' as const, input: { poolId, prefixLength: 32, holder: 'green', service: 's', placement: 'last' } }));
  let done = false;
  const client = async (): Promise<void> => {
    while (!done) await patient.hall.act('batch', runBatch, { mode: 'atomic', items });
  };
  await Promise.all([importing.finally(() => (done = true)), client(), client()]);
}

test('one of allocations, and batches over the same pools', async () => {
  const { spaceId, poolIds, paths } = await opposed();
  await whileBatchesTakeFrom(poolIds, apply(await receive('allocations', spaceId, allocations(['red', 'blue'], paths))));
});

test('one of pools, and batches that take from their parents', async () => {
  const { spaceId, poolIds, paths } = await opposed();
  const records = paths.flatMap((path) => Array.from({ length: 100 }, (_, at) => ({ path: `${path}/${at}`, prefixes: [`45.${path === '/a' ? 96 : 97}.${at}.0/24`] })));
  await whileBatchesTakeFrom(poolIds, apply(await receive('pools', spaceId, records)));
});
