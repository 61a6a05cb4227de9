/** The pools that a device's domains name are there when it is kept, and whoever deletes or merges one knows of the device. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { controllerActor } from '../../../src/model/audit.js';
import type { Domain } from '../../../src/model/device.js';
import type { Pool } from '../../../src/model/pool.js';
import { allocateOrWait } from '../../../src/operations/allocations/allocate-or-wait.js';
import { createDevice, type DeviceRequest } from '../../../src/operations/devices/create-device.js';
import { updateDevice } from '../../../src/operations/devices/update-device.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { deletePool } from '../../../src/operations/pools/delete-pool.js';
import { mergePools } from '../../../src/operations/pools/merge-pools.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import type { Work } from '../../../src/operations/work.js';
import { lockWaits } from '../../support/lock-waits.js';
import { openPatientHall, type PatientHall } from '../../support/patient-hall.js';

let patient: PatientHall;
let [stays, goes] = [] as unknown as [Pool, Pool];
beforeAll(async () => {
  patient = await openPatientHall();
});
beforeEach(async () => {
  const { hall } = patient;
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  const newPool = (prefix: string): Promise<Pool> => hall.act('createPool', createPool, { spaceId: space.id, name: prefix, prefixes: [prefix] });
  [stays, goes] = [await newPool('45.96.0.0/28'), await newPool('45.96.0.16/28')];
});
afterAll(() => patient.stop());

const domain = (): Domain => ({ name: 'd', poolId: goes.id, family: 'ipv4', prefixLength: 29, holder: 'h', service: 's' });

type Doing = (work: Work) => Promise<unknown>;
const request = (domains: readonly Domain[]): DeviceRequest => ({ name: uuidv7(), kind: 'bng', adapter: 'pull', spaceId: goes.spaceId, domains });
const creating = (domains: readonly Domain[]): Doing => (work) => createDevice(work, request(domains));
const deleting: Doing = (work) => deletePool(work, { poolId: goes.id });
const merging: Doing = (work) => mergePools(work, { poolId: stays.id, poolIds: [goes.id] });

const act = (doing: Doing): Promise<unknown> => patient.hall.write({ operation: 'test', actor: controllerActor, requestId: 'test' }, doing, undefined);

/** Done, and not committed before it may be. */
async function open(doing: Doing): Promise<{ commit(): void; ended: Promise<unknown> }> {
  const [isDone, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = act(async (work) => {
    await doing(work);
    isDone.resolve();
    await mayEnd.promise;
  });
  await Promise.race([isDone.promise, ended]);
  return { commit: mayEnd.resolve, ended };
}

/** The second waits for the first. */
async function behind(first: Doing, second: Doing): Promise<PromiseSettledResult<unknown>[]> {
  const { commit, ended } = await open(first);
  const both = Promise.allSettled([ended, act(second)]);
  await lockWaits(patient.database, 1);
  commit();
  return both;
}

const fine = { status: 'fulfilled' };
const refused = (code: string): object => ({ status: 'rejected', reason: { code } });

/** The pools that domains name, and whether each is there. */
const named = (): Promise<object[]> =>
  patient.database.query(`select d ->> 'poolId' as id, exists (select from pools where id::text = d ->> 'poolId') as "there" from devices v, jsonb_array_elements(v.domains) d where v.space_id = $1`, [goes.spaceId]);

describe.each(['created', 'changed'])('a device that is %s', (kind) => {
  let doing: Doing;
  beforeEach(async () => {
    doing = creating([domain()]);
    if (kind === 'created') return;
    const { id: deviceId } = await patient.hall.act('createDevice', createDevice, request([]));
    doing = (work) => updateDevice(work, { deviceId, domains: [domain()] });
  });

  test('is in the way of whoever deletes a pool that it names', async () => {
    expect(await behind(doing, deleting)).toMatchObject([fine, refused('pool-in-use')]);
    expect(await named()).toEqual([{ id: goes.id, there: true }]);
  });

  test('is supplied from the other pool by whoever merges the one that it names', async () => {
    expect(await behind(doing, merging)).toMatchObject([fine, fine]);
    expect(await named()).toEqual([{ id: stays.id, there: true }]);
  });

  test.each([['deleted', deleting], ['merged', merging]] as const)('is refused behind whoever has %s it', async (_, first) => {
    expect(await behind(first, doing)).toMatchObject([fine, refused('pool-not-found')]);
    expect(await named()).toEqual([]);
  });

  test('keeps nobody waiting who allocates from the pool', async () => {
    const { commit, ended } = await open(doing);
    await patient.hall.act('allocatePrefix', allocateOrWait, { poolId: goes.id, prefixLength: 32, holder: 'h', service: 's' });
    commit();
    await ended;
  });
});
