/** The order of turns with quotas in it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { CasmError } from '../../../src/model/errors.js';
import type { Quota } from '../../../src/model/quota.js';
import { allocateFromPool } from '../../../src/operations/allocations/allocate-from-pool.js';
import { allocateOrWait } from '../../../src/operations/allocations/allocate-or-wait.js';
import { allocateSet } from '../../../src/operations/allocations/allocate-set.js';
import { releaseAllocation } from '../../../src/operations/allocations/release-allocation.js';
import { updateAllocation } from '../../../src/operations/allocations/update-allocation.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createQuota } from '../../../src/operations/quotas/create-quota.js';
import { getQuota } from '../../../src/operations/quotas/get-quota.js';
import { updateQuota } from '../../../src/operations/quotas/update-quota.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { serveWaiting } from '../../../src/operations/waiting/serve-waiting.js';
import { takeTurnToAllocate } from '../../../src/operations/allocations/turn-to-allocate.js';
import { lockWaits } from '../../support/lock-waits.js';
import { openPatientHall, type PatientHall } from '../../support/patient-hall.js';

let patient: PatientHall;
beforeAll(async () => {
  patient = await openPatientHall();
});
afterAll(() => patient.stop());

const of = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

const holders = ['red', 'blue', 'green'];
/** One is soon used up; all together are more than there is. */
const limits = ['10', '40', '60'];

test('allocations, sets over several pools, changes of holder, releases and queues, all at once: nobody waits in a circle', async () => {
  const { hall, database } = patient;
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  const pools = await Promise.all(['a', 'b', 'c'].map((name, at) => hall.act('createPool', createPool, { spaceId: space.id, name, prefixes: [`45.96.${at}.0/27`] })));
  const quotas = await Promise.all(holders.map((holder, at) => hall.act('createQuota', createQuota, { holder, ipv4Addresses: of(limits, at) })));
  const refusals: string[] = [];
  const attempt = async (step: () => Promise<unknown>): Promise<void> => {
    await step().catch((error: unknown) => {
      if (!(error instanceof CasmError)) throw error;
      refusals.push(error.code);
    });
  };
  const client = async (number: number): Promise<void> => {
    for (let at = number; at < number + 10; at += 1) {
      const [pool, holder, other] = [of(pools, at), of(holders, at * 7), of(holders, at + 1)];
      const input = { poolId: pool.id, prefixLength: 32, holder, service: 's' };
      await attempt(() => hall.act('allocatePrefix', allocateOrWait, { ...input, wait: { seconds: 60 } }));
      await attempt(() => hall.act('allocateSet', allocateSet, { items: [{ request: input }, { request: { ...input, poolId: of(pools, at + 2).id, holder: other }, count: 2 }] }));
      const [mine] = await database.query<{ id: string }>('select id from allocations where holder = $1 order by random() limit 1', [holder]);
      if (mine !== undefined) await attempt(() => hall.act('change', at % 2 === 0 ? releaseAllocation : updateAllocation, { allocationId: mine.id, holder: other }));
      await attempt(() => hall.act('serveWaiting', serveWaiting, { poolId: pool.id }));
      await attempt(() => hall.act('updateQuota', updateQuota, { quotaId: of(quotas, at).id, ipv6Subnets: String(at) }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, number) => client(number * 3)));
  expect(await database.query('select from waiting_requests limit 1')).toHaveLength(1);
  expect(refusals).toEqual(expect.arrayContaining(['pool-exhausted', 'quota-exceeded']));
  for (const [at, holder] of holders.entries()) {
    const [held] = await database.query<{ addresses: string }>(`select coalesce(sum(power(2, 32 - masklen(prefix))), 0)::int::text as addresses from allocations where holder = $1`, [holder]);
    const [used] = await database.query<{ addresses: string }>(
      'select (used_ipv4_addresses + coalesce((select sum(ipv4_addresses) from quota_changes where quota_id = q.id), 0))::text as addresses from quotas q where holder = $1',
      [holder],
    );
    expect(used?.addresses).toBe(held?.addresses);
    expect(Number(held?.addresses)).toBeLessThanOrEqual(Number(limits[at]));
  }
}, 60_000);

test('a new quota bounds whoever comes to its turn behind it, and waits for those who came before', async () => {
  const { hall, database } = patient;
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  const pool = await hall.act('createPool', createPool, { spaceId: space.id, name: 'p', prefixes: ['45.96.0.0/24'] });
  const input = { poolId: pool.id, prefixLength: 28, holder: 'late', service: 's' };
  let made: Promise<Quota> | undefined;
  let refused: Promise<unknown> | undefined;
  await hall.act('allocatePrefix', async (work) => {
    const turn = takeTurnToAllocate(work.tx, pool.id, [input.holder]);
    await turn;
    made = hall.act('createQuota', createQuota, { holder: input.holder, ipv4Addresses: '16' });
    await lockWaits(database, 1);
    refused = hall.act('allocatePrefix', allocateOrWait, input).catch((error: unknown) => error);
    await lockWaits(database, 2);
    return allocateFromPool(pool.id, [{ work, input }], turn);
  }, undefined);
  expect((await made)?.used.ipv4Addresses).toBe('16');
  expect(await refused).toMatchObject({ code: 'quota-exceeded', details: { quota: { used: '16' } } });
  expect((await hall.read(getQuota, { quotaId: (await made)?.id ?? '' })).used.ipv4Addresses).toBe('16');
});
