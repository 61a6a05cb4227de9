import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { readPath, type AllocationRecord } from '../../model/exchange.js';
import { devicesByName, poolsByPath, rest } from '../../storage/exchange.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import { drainAllocation } from '../allocations/drain-allocation.js';
import { runBatch } from '../batches/run-batch.js';
import type { BatchItem } from '../batches/batch.js';
import type { Work } from '../work.js';

/** States of what a pool that is retiring may still hold. */
const leaving: ReadonlySet<string> = new Set(['draining', 'drained', 'quarantined']);

/** Takes each prefix in its pool, as its holder would have asked for it, and leads it to its state. @returns for each why it was refused, or undefined */
export async function applyAllocations(work: Work, spaceId: string, records: readonly AllocationRecord[]): Promise<(CasmError | undefined)[]> {
  const pools = await poolsByPath(work.tx, spaceId, new Map(records.map(({ pool }) => [pool, readPath(pool)])));
  const devices = await devicesByName(work.tx, spaceId, [...new Set(records.flatMap(({ device }) => device ?? []))]);
  const items = records.map((record): BatchItem => {
    const input = read(record, pools, devices) as unknown as BatchItem['input'];
    return { operation: 'allocatePrefix', input, restores: leaving.has(record.state ?? '') };
  });
  const { outcomes } = await runBatch(work, { mode: 'bestEffort', items });
  const resting: { before: Allocation; until: string }[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (!('done' in outcome)) continue;
    const before = outcome.done as Allocation;
    const { state, quarantinedUntil } = records[index] as AllocationRecord;
    if (state === 'draining' || state === 'drained') await drainAllocation(work, { allocationId: before.id });
    if (state === 'quarantined') resting.push({ before, until: quarantinedUntil ?? work.now.toISOString() });
  }
  await letRest(work, resting);
  return outcomes.map((outcome) => ('refused' in outcome ? new CasmError(outcome.refused.code, outcome.refused.message, outcome.refused.details) : undefined));
}

function read(record: AllocationRecord, pools: ReadonlyMap<string, string>, devices: ReadonlyMap<string, string>): AllocationRequest | CasmError {
  const { pool, prefix, state, holder, service, device, certify, originAs, labels, validUntil } = record;
  const poolId = pools.get(pool);
  if (poolId === undefined) return new CasmError('pool-not-found', `the space has no pool ${pool}`);
  if (state === 'withdrawing' || state === 'reserved') return new CasmError('state-conflict', `what is ${state} is not imported: it is on its way to being free`);
  const resting = state === 'quarantined';
  const deviceId = device === undefined || device === null || resting ? undefined : devices.get(device);
  if (device && !resting && deviceId === undefined) return new CasmError('device-not-found', `the space has no device named ${device}`);
  return {
    poolId,
    prefix,
    holder,
    service,
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(certify === true && !resting ? { certify } : {}),
    ...(originAs === undefined || originAs === null ? {} : { originAs }),
    ...(labels ? { labels } : {}),
    ...(validUntil && !resting ? { validUntil } : {}),
  };
}

async function letRest(work: Work, resting: readonly { before: Allocation; until: string }[]): Promise<void> {
  await rest(work.tx, resting.map(({ before, until }) => ({ id: before.id, until })));
  for (const { before, until } of resting) {
    const after: Allocation = { ...before, state: 'quarantined', waitingFor: ['quarantine'], quarantinedUntil: until, version: String(BigInt(before.version) + 1n) };
    work.audit({ resourceType: 'allocation', resourceId: before.id, before, after });
  }
  for (const [poolId, group] of Map.groupBy(resting, ({ before }) => before.poolId)) {
    const first = Math.min(...group.map(({ until }) => Date.parse(until)));
    await enqueueReturnOfSpace(work.tx, poolId, new Date(first));
  }
}
