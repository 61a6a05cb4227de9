/** Whoever waits for one turn must not hold a later one: so others, who take theirs in order, never wait for it in a circle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { isWaiting } from '../../../src/model/waiting-request.js';
import { allocateOrWait } from '../../../src/operations/allocations/allocate-or-wait.js';
import { createDevice } from '../../../src/operations/devices/create-device.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { mergePools } from '../../../src/operations/pools/merge-pools.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { eventually } from '../../support/controller.js';
import { openPatientHall, type PatientHall } from '../../support/patient-hall.js';
import { withConnection } from '../../northbound/plan.js';

let patient: PatientHall;
beforeAll(async () => {
  patient = await openPatientHall();
});
afterAll(() => patient.stop());

test('merged pools: those who wait, then the devices they supply, then their allocations', async () => {
  const { hall, database } = patient;
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  const [stays, goes] = await Promise.all(['a', 'b'].map((name, at) => hall.act('createPool', createPool, { spaceId: space.id, name, prefixes: [`45.96.0.${at * 16}/28`] })));
  if (stays === undefined || goes === undefined) throw new Error('there are two');
  const domain = { name: 'd', poolId: goes.id, family: 'ipv4' as const, prefixLength: 29, holder: 'h', service: 's' };
  const device = await hall.act('createDevice', createDevice, { name: 'bng', kind: 'bng', adapter: 'pull', spaceId: space.id, domains: [domain] });
  const ask = { poolId: goes.id, prefixLength: 28, holder: 'h', service: 's' };
  const allocation = await hall.act('allocatePrefix', allocateOrWait, ask);
  const waiting = await hall.act('allocatePrefix', allocateOrWait, { ...ask, wait: { seconds: 60 } });
  expect(isWaiting(waiting)).toBe(true);
  const turns = [['waiting_requests', 'id', waiting.id], ['deliveries', 'device_id', device.id], ['allocations', 'id', allocation.id]] as const;
  await withConnection(database, (one) => withConnection(database, async (other) => {
    let merging: Promise<unknown> | undefined;
    for (const [at, [table, key, id]] of turns.entries()) {
      const [holder, before] = at % 2 === 0 ? [one, other] : [other, one];
      await holder.query('begin');
      // Each is still free while the merge waits for the one before it.
      const { rowCount } = await holder.query(`select from ${table} where ${key} = $1 for no key update skip locked`, [id]);
      expect(rowCount, `the turn of ${table}`).toBe(1);
      merging ??= hall.act('mergePools', mergePools, { poolId: stays.id, poolIds: [goes.id] });
      await before.query('rollback');
      const { rows: [mine] } = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
      await eventually(async () => expect(await database.query('select from pg_stat_activity where $1::int = any (pg_blocking_pids(pid))', [mine?.pid])).toHaveLength(1));
    }
    await one.query('rollback');
    await merging;
  }));
  const [now] = await database.query('select pool_id, (select domains -> 0 ->> \'poolId\' from devices where id = $2) as supplier from allocations where id = $1', [allocation.id, device.id]);
  expect(now).toEqual({ pool_id: stays.id, supplier: stays.id });
});
