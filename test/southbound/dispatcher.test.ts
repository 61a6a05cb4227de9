import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, newDevice, newRoot, type Allocation, type Device } from '../northbound/plan.js';
import { PushTarget } from '../northbound/push-target.js';

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

const settled = (deviceId: string): Promise<void> =>
  eventually(async () => expect((await controller.api.expect(200, 'GET', `/v1/deliveries?deviceId=${deviceId}`)).items[0]).toMatchObject({ state: 'settled', attempts: 0 }));
const pushed = (spaceId: string): Promise<Device> => newDevice(controller.api, spaceId, { adapter: 'http', endpoint: target.endpoint, credentials: { secret: 's' } });

test('one device is spoken to by one at a time, and many changes are one document', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/20']);
  const device = await pushed(root.spaceId);
  await settled(device.id);
  let inside = 0;
  let most = 0;
  target.pause = async () => {
    most = Math.max(most, (inside += 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    inside -= 1;
  };
  const made: Allocation[] = [];
  for (let round = 0; round < 5; round += 1) made.push(...(await Promise.all(Array.from({ length: 4 }, () => allocate(api, root.id, { prefixLength: 28, deviceId: device.id })))));
  await settled(device.id);
  const { revision } = await api.expect(200, 'GET', `/v1/devices/${device.id}/document`);
  expect(most).toBe(1);
  const last = target.received.at(-1);
  expect(last?.revision).toBe(revision);
  expect(last?.ranges.map((range) => range.id).sort()).toEqual(made.map((one) => one.id).sort());
  expect(target.received.length).toBeLessThan(12);
  const revisions = target.received.map((document) => Number(document.revision));
  expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
});

test('an answer that was lost after the device acted is harmless: the same document goes out again', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await pushed(root.spaceId);
  await settled(device.id);
  const before = target.received.length;
  target.refusal = { status: 503, errors: ['the proxy lost it'] };
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  await eventually(async () => expect(target.received.length).toBe(before + 1));
  target.refusal = null;
  await settled(device.id);
  const [lost, again] = target.received.slice(before);
  expect(again).toEqual(lost);
  expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('active');
});

test('with a device and a parent CA, a release shrinks the certificate only after the device has let go', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await pushed(root.spaceId);
  const parentCa = await newDevice(api, root.spaceId, { kind: 'rpki', adapter: 'rpki', name: `ca-of-${device.name}` });
  await settled(device.id);
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id, certify: true });
  await settled(device.id);
  // No parent CA answers here: the device alone does not make it active.
  expect(await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'provisioning', waitingFor: ['certificate'], certification: 'requested' });
  const certified = async (): Promise<string[]> => (await api.expect(200, 'GET', `/v1/devices/${parentCa.id}/document`)).resources.map((one: { id: string }) => one.id);
  expect(await certified()).toEqual([made.id]);
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  target.pause = () => held;
  await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`);
  expect(await certified()).toEqual([made.id]);
  release();
  await eventually(async () => expect(await certified()).toEqual([]));
  expect(await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).toMatchObject({ state: 'withdrawing', waitingFor: ['certificate'] });
});
