/** Evidence of two at the same moment: the device and the parent CA of one allocation, each in a transaction of its own. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Allocation } from '../../../src/model/allocation.js';
import { allocatePrefix } from '../../../src/operations/allocations/allocate-prefix.js';
import { getAllocation } from '../../../src/operations/allocations/get-allocation.js';
import { settleDelivery } from '../../../src/operations/deliveries/settle-delivery.js';
import { createDevice } from '../../../src/operations/devices/create-device.js';
import { Hall } from '../../../src/operations/hall.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let source: DataSource;
let hall: Hall;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  source = await createDataSource(database.url, 4).initialize();
  hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

async function certified(): Promise<Allocation & { deviceId: string; rpkiDeviceId: string }> {
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  const pool = await hall.act('createPool', createPool, { spaceId: space.id, name: 'p', prefixes: ['45.96.0.0/24'] });
  const device = await hall.act('createDevice', createDevice, { name: uuidv7(), kind: 'bng', adapter: 'pull', spaceId: space.id });
  await hall.act('createDevice', createDevice, { name: uuidv7(), kind: 'rpki', adapter: 'rpki', spaceId: space.id });
  const made = await hall.act('allocatePrefix', allocatePrefix, { poolId: pool.id, prefixLength: 28, holder: 'h', service: 's', deviceId: device.id, certify: true });
  return made as Allocation & { deviceId: string; rpkiDeviceId: string };
}

test.each(['device', 'parent CA'])('both confirm at once, and the %s commits first: the allocation is in use', async (first) => {
  const { id, deviceId, rpkiDeviceId } = await certified();
  const [one, other] = first === 'device' ? [deviceId, rpkiDeviceId] : [rpkiDeviceId, deviceId];
  const [settled, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = hall.act('slow', async (work) => {
    await settleDelivery(work, { deviceId: one, revision: '2' });
    settled.resolve();
    await commit.promise;
  }, undefined);
  await settled.promise;
  const fast = hall.act('fast', settleDelivery, { deviceId: other, revision: '2' });
  // Long enough for it to have seen nothing of the first; whichever way it goes, the outcome must be the same.
  await Promise.race([fast, sleep(500)]);
  commit.resolve();
  await Promise.all([slow, fast]);
  expect(await hall.read(getAllocation, { allocationId: id })).toMatchObject({ state: 'active', waitingFor: [] });
});

test('neither alone is enough', async () => {
  const { id, deviceId } = await certified();
  await hall.act('settle', settleDelivery, { deviceId, revision: '2' });
  expect(await hall.read(getAllocation, { allocationId: id })).toMatchObject({ state: 'provisioning', waitingFor: ['certificate'] });
});
