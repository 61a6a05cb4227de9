import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, newDevice, newRoot, newSpace, nowhere, type Allocation, type Delivery, type Device } from './plan.js';
import { PushTarget } from './push-target.js';

let controller: TestController;
let target: PushTarget;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());
beforeEach(async () => {
  target = new PushTarget();
  await target.start();
});
afterEach(() => target.stop());

const delivery = async (deviceId: string): Promise<Delivery> => (await controller.api.expect(200, 'GET', `/v1/deliveries?deviceId=${deviceId}`)).items[0];
const reaches = (deviceId: string, wanted: object): Promise<Delivery> =>
  eventually(async () => {
    const now = await delivery(deviceId);
    expect(now).toMatchObject(wanted);
    return now;
  });
const pushed = (spaceId: string): Promise<Device> => newDevice(controller.api, spaceId, { adapter: 'http', endpoint: target.endpoint, credentials: { secret: 'shared-with-the-device' } });

test('the in-memory device settles, and its allocations become active on that evidence', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await newDevice(api, root.spaceId, { adapter: 'in-memory' });
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  expect(made).toMatchObject({ state: 'provisioning', waitingFor: ['device'] });
  await eventually(async () => expect(await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'active', waitingFor: [] }));
  const settled = await reaches(device.id, { state: 'settled', wantedRevision: '2', renderedRevision: '2', appliedRevision: '2', attempts: 0, lastError: null });
  expect(settled.appliedAt).not.toBeNull();
  expect((await api.expect(200, 'GET', `/v1/devices/${device.id}`)).lastSeenAt).not.toBeNull();
  expect((await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`)).state).toBe('withdrawing');
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${made.id}`));
});

test('a device that refuses is parked with its own words, until the operator says again', async () => {
  const { api } = controller;
  target.refusal = { status: 409, errors: ['no room for 45.96.0.0/28'] };
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await pushed(root.spaceId);
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  const parked = await reaches(device.id, { state: 'rejected', wantedRevision: '2', renderedRevision: '2', appliedRevision: '0', nextAttemptAt: null });
  expect(parked.lastError).toContain('no room for 45.96.0.0/28');
  expect(await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'provisioning', waitingFor: ['device'] });
  expect((await api.expect(200, 'GET', '/v1/deliveries?state=rejected')).items).toEqual([await delivery(device.id)]);
  target.refusal = null;
  expect(await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`)).toMatchObject({ wantedRevision: '3', state: expect.stringMatching(/pending|failing/) });
  await reaches(device.id, { state: 'settled', appliedRevision: '3', attempts: 0, lastError: null });
  expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('active');
  await api.problem('device-not-found', 'POST', `/v1/deliveries/${nowhere}/retry`);
});

test('a device that is away is tried again with growing pauses, and settles when it is back', async () => {
  const { api } = controller;
  const device = await pushed(await newSpace(api));
  await reaches(device.id, { state: 'settled' });
  await target.stop();
  await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`);
  const failing = await eventually(async () => {
    const now = await delivery(device.id);
    expect(now).toMatchObject({ state: 'failing', lastError: expect.stringContaining('ECONNREFUSED'), nextAttemptAt: expect.any(String) });
    expect(now.attempts).toBeGreaterThan(1);
    return now;
  });
  // One second, two, four, each spread by half either way.
  const pause = (Date.parse(failing.nextAttemptAt ?? '') - Date.parse(failing.lastAttemptAt ?? '')) / 1000;
  const middle = 2 ** (failing.attempts - 1);
  expect(pause).toBeGreaterThan(middle * 0.5 - 0.1);
  expect(pause).toBeLessThan(middle * 1.5 + 1);
  await target.start();
  await reaches(device.id, { state: 'settled', attempts: 0, lastError: null, nextAttemptAt: null });
});

test('retry ends a back-off at once', async () => {
  const { api, database } = controller;
  const device = await pushed(await newSpace(api));
  await reaches(device.id, { state: 'settled' });
  await target.stop();
  await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`);
  await reaches(device.id, { state: 'failing' });
  await database.query(`update graphile_worker._private_jobs set run_at = now() + interval '1 hour' where key = $1`, [`deliver:${device.id}`]);
  await target.start();
  await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`);
  await reaches(device.id, { state: 'settled' });
});

test('what changes while a document is on its way stays stale, and is delivered next', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await pushed(root.spaceId);
  await reaches(device.id, { state: 'settled', appliedRevision: '1' });
  let second: Allocation | undefined;
  target.pause = async (document) => {
    if (document.revision !== '2') return;
    second = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
    expect((await delivery(device.id)).wantedRevision).toBe('3');
  };
  const first = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  await reaches(device.id, { state: 'settled', appliedRevision: '3' });
  expect(target.received.map((document) => [document.revision, document.ranges.map((range) => range.id)])).toEqual([
    ['1', []],
    ['2', [first.id]],
    ['3', [first.id, second?.id]],
  ]);
  const active = await api.expect(200, 'GET', `/v1/audit?resourceId=${first.id}&operation=settleDelivery`);
  expect(active.items).toHaveLength(1);
});

test('a refusal of what is overtaken by now parks nothing', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await pushed(root.spaceId);
  await reaches(device.id, { state: 'settled', appliedRevision: '1' });
  target.refusal = { status: 409, errors: ['not this one'] };
  target.pause = async (document) => {
    if (document.revision === '3') target.refusal = null;
    if (document.revision === '2') await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  };
  await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  await reaches(device.id, { state: 'settled', appliedRevision: '3', lastError: null });
});

test('deliveries come in pages and by state', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  for (let at = 0; at < 3; at += 1) await newDevice(api, spaceId);
  const pending = await api.expect(200, 'GET', '/v1/deliveries?state=pending&limit=2');
  expect(pending.items.map((one: { state: string }) => one.state)).toEqual(['pending', 'pending']);
  const next = await api.expect(200, 'GET', `/v1/deliveries?state=pending&limit=2&cursor=${pending.nextCursor}`);
  expect(next).toMatchObject({ items: [{ state: 'pending' }], nextCursor: null });
});
