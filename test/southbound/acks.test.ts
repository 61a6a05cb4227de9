import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, type Allocation, type Delivery } from '../northbound/plan.js';
import { pullingDevice } from './devices.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const allocation = (id: string): Promise<Allocation> => controller.api.expect(200, 'GET', `/v1/allocations/${id}`);
const delivery = async (deviceId: string): Promise<Delivery> => (await controller.api.expect(200, 'GET', `/v1/deliveries?deviceId=${deviceId}`)).items[0];

test('provisioning ends on the device’s word about the revision that holds it, not on less', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  await pull();
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  // It confirms what it was given before; then it is given the newer one; only then it confirms that.
  expect((await acknowledge('1')).body).toEqual({ wantedRevision: '2', appliedRevision: '1' });
  expect(await allocation(made.id)).toMatchObject({ state: 'provisioning', waitingFor: ['device'] });
  await pull('1');
  expect((await allocation(made.id)).state).toBe('provisioning');
  expect((await acknowledge('2')).body).toEqual({ wantedRevision: '2', appliedRevision: '2' });
  expect(await allocation(made.id)).toMatchObject({ state: 'active', waitingFor: [] });
  expect(await delivery(device.id)).toMatchObject({ state: 'settled', attempts: 0 });
});

test('a revision that was not given cannot be confirmed, nor refused', async () => {
  const { api } = controller;
  const { device, pool, door, pull } = await pullingDevice(api);
  await pull();
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  for (const revision of ['2', '3', '9223372036854775808', '9999999999999999999']) {
    for (const applied of [true, false]) await door.problem('revision-unknown', 'POST', '/southbound/v1/acks', { body: { revision, applied } });
  }
  await door.problem('invalid-request', 'POST', '/southbound/v1/acks', { body: { revision: '-1', applied: true } });
  expect((await allocation(made.id)).state).toBe('provisioning');
});

test('a refusal is shown to the operator with the device’s reasons, until something changes', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await pull();
  expect((await acknowledge('2', { applied: false, errors: ['no interface', 'no vrf'] })).body).toEqual({ wantedRevision: '2', appliedRevision: '0' });
  expect(await delivery(device.id)).toMatchObject({ state: 'rejected', attempts: 1, lastError: expect.stringContaining('no interface; no vrf') });
  expect((await allocation(made.id)).state).toBe('provisioning');
  await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`);
  expect((await delivery(device.id)).state).not.toBe('rejected');
  await pull('2');
  await acknowledge('3');
  expect(await delivery(device.id)).toMatchObject({ state: 'settled', lastError: null });
  expect((await allocation(made.id)).state).toBe('active');
});

test('an acknowledgement may be repeated and overtaken, and takes nothing back', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  await pull();
  const first = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await pull('1');
  const second = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await pull('2');
  expect((await acknowledge('3')).body).toEqual({ wantedRevision: '3', appliedRevision: '3' });
  for (const revision of ['3', '1', '2']) expect((await acknowledge(revision)).body).toEqual({ wantedRevision: '3', appliedRevision: '3' });
  expect((await acknowledge('2', { applied: false })).status).toBe(200);
  expect(await delivery(device.id)).toMatchObject({ state: 'settled', appliedRevision: '3', attempts: 0, lastError: null });
  for (const { id } of [first, second]) expect((await allocation(id)).state).toBe('active');
});

test('a refusal of what is overtaken by now parks nothing', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  await pull();
  await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await acknowledge('1', { applied: false, errors: ['old'] });
  expect(await delivery(device.id)).toMatchObject({ state: 'failing', lastError: expect.stringContaining('old') });
});

test('a release frees nothing before the device has let go, and quarantine begins only then', async () => {
  const { api, database } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api, '45.96.0.0/24', { quarantineSeconds: 1 });
  const made = await allocate(api, pool.id, { prefixLength: 24, deviceId: device.id });
  await pull();
  await acknowledge('2');
  expect(await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'withdrawing', waitingFor: ['device'] });
  expect(await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'withdrawing' });
  await acknowledge('2');
  await new Promise((resolve) => setTimeout(resolve, 1300));
  expect((await allocation(made.id)).state).toBe('withdrawing');
  const without = await pull('2');
  expect(without.body).toMatchObject({ revision: '3', ranges: [] });
  expect(await freeBlocks(database, pool.id)).toEqual([]);
  await acknowledge('3');
  expect(await allocation(made.id)).toMatchObject({ state: 'quarantined', waitingFor: ['quarantine'] });
  expect(await freeBlocks(database, pool.id)).toEqual([]);
  await eventually(async () => expect(await freeBlocks(database, pool.id)).toEqual(['45.96.0.0/24']), 6_000);
  const states = (await api.expect(200, 'GET', `/v1/audit?resourceId=${made.id}`)).items.map((entry: { after: { state: string } | null }) => entry.after?.state ?? 'free');
  expect(states).toEqual(['free', 'quarantined', 'withdrawing', 'active', 'provisioning']);
});

test('released before it was ever confirmed, it still waits for the device’s word', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await pull();
  expect((await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`)).state).toBe('withdrawing');
  await acknowledge('2');
  expect((await allocation(made.id)).state).toBe('withdrawing');
  await pull('2');
  await acknowledge('3');
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${made.id}`));
});
