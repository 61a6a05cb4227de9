import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice, type PullingDevice } from '../southbound/devices.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, newRoot, type Allocation } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});
afterAll(() => controller.stop());

const read = (id: string): Promise<Allocation> => controller.api.expect(200, 'GET', `/v1/allocations/${id}`);
const verb = (id: string, name: string): Promise<Allocation> => controller.api.expect(200, 'POST', `/v1/allocations/${id}/${name}`);

interface Serving extends PullingDevice {
  readonly id: string;
  /** Pulls what is new and confirms it. @returns its revision and its ranges. */
  follow(): Promise<{ revision: string; ranges: { state: string }[] }>;
  report(sequence: number, assigned: string, revision?: string): Promise<unknown>;
}

/** A device that has an allocation of ours in use. */
async function serving(): Promise<Serving> {
  const one = await pullingDevice(controller.api);
  const { id } = await allocate(controller.api, one.pool.id, { prefixLength: 26, deviceId: one.device.id });
  const follow = async (): ReturnType<Serving['follow']> => {
    const { body } = await one.pull();
    await one.acknowledge(body.revision);
    return body;
  };
  await follow();
  const report = (sequence: number, assigned: string, revision?: string): Promise<unknown> =>
    one.door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence, ...(revision === undefined ? {} : { revision }), ranges: [{ id, assigned, total: '61' }] } });
  return { ...one, id, follow, report };
}

test('what no device holds is drained at once; activate takes that back', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  expect(await verb(id, 'drain')).toMatchObject({ state: 'drained', waitingFor: [] });
  expect(await verb(id, 'drain')).toEqual(await read(id));
  expect(await verb(id, 'activate')).toMatchObject({ state: 'active', waitingFor: [] });
  expect(await verb(id, 'activate')).toEqual(await read(id));
  await verb(id, 'drain');
  expect((await api.expect(200, 'DELETE', `/v1/allocations/${id}`)).state).toBe('free');
});

test('a drain waits for the device to confirm it and to be idle, and for nothing less', async () => {
  const { id, follow, report } = await serving();
  await report(1, '0');
  expect(await verb(id, 'drain')).toMatchObject({ state: 'draining', waitingFor: ['device', 'idle'] });
  // Idle before the device knew of the drain: somebody may have come since.
  await report(2, '0');
  expect((await read(id)).state).toBe('draining');
  const { ranges } = await follow();
  expect(ranges).toMatchObject([{ id, state: 'draining' }]);
  expect(await read(id)).toMatchObject({ state: 'draining', waitingFor: ['idle'] });
  // Repeated, and so from before; then not idle; then idle.
  await report(2, '0');
  await report(3, '1');
  expect((await read(id)).state).toBe('draining');
  await report(4, '0');
  expect(await read(id)).toMatchObject({ state: 'drained', waitingFor: [] });
  const { items } = await controller.api.expect(200, 'GET', `/v1/audit?resourceId=${id}&operation=reportUsage`);
  expect(items).toMatchObject([{ before: { state: 'draining' }, after: { id, state: 'drained' } }]);
});

test('a sample that was taken before the drain proves nothing, however late it arrives', async () => {
  const { id, follow, report } = await serving();
  await verb(id, 'drain');
  const { revision } = await follow();
  await report(1, '0', String(BigInt(revision) - 1n));
  expect((await read(id)).state).toBe('draining');
  await report(2, '0', revision);
  expect((await read(id)).state).toBe('drained');
});

test('another device’s word, and another range’s, proves nothing', async () => {
  const [one, other] = [await serving(), await serving()];
  await verb(one.id, 'drain');
  await one.follow();
  await other.door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence: 1, ranges: [{ id: one.id, assigned: '0', total: '61' }] } });
  await one.door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence: 1, ranges: [{ id: other.id, assigned: '0', total: '61' }] } });
  expect((await read(one.id)).state).toBe('draining');
  expect((await read(other.id)).state).toBe('active');
});

test('activate cancels a drain: the device is told, and it is in use when the device has confirmed', async () => {
  const { id, follow, report } = await serving();
  await verb(id, 'drain');
  await follow();
  expect(await verb(id, 'activate')).toMatchObject({ state: 'provisioning', waitingFor: ['device'] });
  await report(1, '0');
  expect((await follow()).ranges).toMatchObject([{ id, state: 'active' }]);
  expect(await read(id)).toMatchObject({ state: 'active', waitingFor: [] });
});

test('what drains or is drained is released like anything else: the device lets go first', async () => {
  const { id, follow, report } = await serving();
  await verb(id, 'drain');
  await follow();
  await report(1, '0');
  expect(await controller.api.expect(200, 'DELETE', `/v1/allocations/${id}`)).toMatchObject({ state: 'withdrawing', waitingFor: ['device'] });
  for (const name of ['drain', 'activate']) await controller.api.problem('state-conflict', 'POST', `/v1/allocations/${id}/${name}`);
  expect((await follow()).ranges).toEqual([]);
});

test('a dry run tells and changes nothing; If-Match guards; a key replays', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  expect((await api.expect(200, 'POST', `/v1/allocations/${id}/drain?dryRun=true`)).state).toBe('drained');
  expect((await read(id)).state).toBe('active');
  await api.problem('precondition-failed', 'POST', `/v1/allocations/${id}/drain`, { headers: { 'if-match': '"9"' } });
  const headers = { 'idempotency-key': `drain ${id}` };
  const first = await api.post(`/v1/allocations/${id}/drain`, undefined, { headers });
  await verb(id, 'activate');
  const again = await api.post(`/v1/allocations/${id}/drain`, undefined, { headers });
  expect([again.body, again.headers.get('idempotency-replayed'), again.headers.get('etag')]).toEqual([first.body, 'true', first.headers.get('etag')]);
  expect((await read(id)).state).toBe('active');
});
