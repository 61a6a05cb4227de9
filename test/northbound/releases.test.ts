import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newRoot, nowhere } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('without quarantine a release is free at once, and 404 from then on', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  const released = await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  expect(released).toMatchObject({ id, state: 'free', waitingFor: [], quarantinedUntil: null });
  await api.problem('allocation-not-found', 'DELETE', `/v1/allocations/${id}`);
  await api.problem('allocation-not-found', 'GET', `/v1/allocations/${id}`);
  await api.problem('allocation-not-found', 'DELETE', `/v1/allocations/${nowhere}`);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
});

test('with quarantine it rests, is nobody’s meanwhile, and comes back by itself', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 2 } });
  const { id } = await allocate(api, root.id, { prefixLength: 24 });
  const before = Date.now();
  const released = await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  expect(released).toMatchObject({ state: 'quarantined', waitingFor: ['quarantine'] });
  expect(Date.parse(released.quarantinedUntil)).toBeGreaterThanOrEqual(before + 2000 - 10);
  expect(Date.parse(released.quarantinedUntil)).toBeLessThanOrEqual(Date.now() + 2000 + 10);
  expect(await api.expect(200, 'DELETE', `/v1/allocations/${id}`)).toEqual(released);
  const { free } = await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
  expect(free).toEqual([]);
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${id}`), 10_000);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(released.quarantinedUntil));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${id}`);
  expect(items.map((entry: { operation: string; actor: { name: string } }) => [entry.operation, entry.actor.name])).toEqual([
    ['returnSpace', 'controller'],
    ['releaseAllocation', 'bootstrap'],
    ['allocatePrefix', 'bootstrap'],
  ]);
});

test('a shorter quarantine is not made to wait for a longer one of the same pool', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 3600 } });
  const [long, short] = [await allocate(api, root.id, { prefixLength: 26 }), await allocate(api, root.id, { prefixLength: 26 })];
  await api.expect(200, 'DELETE', `/v1/allocations/${long.id}`);
  await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { policy: { quarantineSeconds: 1 } } });
  await api.expect(200, 'DELETE', `/v1/allocations/${short.id}`);
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${short.id}`), 10_000);
  expect((await api.expect(200, 'GET', `/v1/allocations/${long.id}`)).state).toBe('quarantined');
});

test('If-Match guards a release', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  const etag = (await api.get(`/v1/allocations/${id}`)).headers.get('etag') ?? '';
  await api.problem('precondition-failed', 'DELETE', `/v1/allocations/${id}`, { headers: { 'if-match': '"99"' } });
  const released = await api.delete(`/v1/allocations/${id}`, { headers: { 'if-match': etag } });
  expect(released.status).toBe(200);
  expect(released.headers.get('etag')).not.toBe(etag);
  await api.problem('precondition-failed', 'DELETE', `/v1/allocations/${id}`, { headers: { 'if-match': etag } });
});

test('what is valid until a time is released at that time, by the controller', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const validUntil = new Date(Date.now() + 2000).toISOString();
  const { id } = await allocate(api, root.id, { prefixLength: 26, validUntil });
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${id}`), 10_000);
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(validUntil));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${id}&operation=expireAllocation`);
  expect(items).toHaveLength(1);
});

test.each(['2020-01-01T00:00:00Z', 'tomorrow', '2099-02-30T00:00:00Z', '2098-12-31T23:59:60Z'])('validUntil %s is refused', async (validUntil) => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { errors } = await api.problem('invalid-request', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 26, validUntil }) });
  expect(errors[0]).toMatchObject({ in: 'body', pointer: '/validUntil' });
});

test('of many who release the same allocation at once, one frees it', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => api.delete(`/v1/allocations/${id}`)));
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 404)]);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
});
