import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice } from '../southbound/devices.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newChild, newRoot, overlaps, unique, type Allocation } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
  expect(await overlaps(controller.database)).toEqual([]);
});
afterAll(() => controller.stop());

interface Resized {
  allocation: Allocation;
  released: Allocation[];
}
const resize = (id: string, body: object, query = ''): Promise<Resized> => controller.api.expect(200, 'POST', `/v1/allocations/${id}/resize${query}`, { body });

test('smaller: the first addresses stay, or those named; the rest is free', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.0/25', validUntil: '2099-01-01T00:00:00Z', labels: { a: 'b' } });
  const rehearsed = await resize(id, { prefixLength: 27 }, '?dryRun=true');
  expect(rehearsed.allocation.prefix).toBe('45.96.0.0/27');
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.128/25']);
  const { allocation, released } = await resize(id, { prefixLength: 27, keep: '45.96.0.32/27' });
  expect(allocation).toMatchObject({ id, prefix: '45.96.0.32/27', state: 'active', labels: { a: 'b' }, validUntil: '2099-01-01T00:00:00.000Z' });
  expect(released.map(({ prefix, state, validUntil }) => [prefix, state, validUntil])).toEqual([['45.96.0.0/27', 'free', null], ['45.96.0.64/26', 'free', null]]);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/27', '45.96.0.64/26', '45.96.0.128/25']);
  expect(await resize(id, { prefixLength: 27 })).toEqual({ allocation: await api.expect(200, 'GET', `/v1/allocations/${id}`), released: [] });
});

test('larger: what is free around it joins it, and what is not is named', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24', '45.96.1.0/24']);
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.64/27' });
  const other = await allocate(api, root.id, { prefix: '45.96.0.0/28' });
  await newChild(api, root.id, { prefixes: ['45.96.0.128/26'] });
  expect((await resize(id, { prefixLength: 26 })).allocation).toMatchObject({ id, prefix: '45.96.0.64/26', state: 'active' });
  expect((await api.problem('prefix-not-free', 'POST', `/v1/allocations/${id}/resize`, { body: { prefixLength: 25 } })).conflicts).toEqual([other.prefix]);
  await api.expect(200, 'DELETE', `/v1/allocations/${other.id}`);
  expect((await api.problem('prefix-not-free', 'POST', `/v1/allocations/${id}/resize`, { body: { prefixLength: 24 } })).conflicts).toEqual(['45.96.0.128/26']);
  expect((await resize(id, { prefixLength: 25 })).allocation.prefix).toBe('45.96.0.0/25');
  // Beyond the pool prefix it lies in there is nothing to be had, though the neighbour is the pool's as well.
  await api.problem('prefix-outside-pool', 'POST', `/v1/allocations/${id}/resize`, { body: { prefixLength: 23 } });
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.192/26', '45.96.1.0/24']);
});

test('what a device holds is nobody’s until the device has let go of it', async () => {
  const { api, database } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api, '45.96.0.0/24', { quarantineSeconds: 3600 });
  const { id } = await allocate(api, pool.id, { prefix: '45.96.0.0/25', deviceId: device.id });
  await acknowledge((await pull()).body.revision);
  const { allocation, released } = await resize(id, { prefixLength: 26 });
  expect(allocation).toMatchObject({ prefix: '45.96.0.0/26', state: 'active', waitingFor: ['device'], deviceId: device.id });
  expect(released).toMatchObject([{ prefix: '45.96.0.64/26', state: 'withdrawing', waitingFor: ['device'], deviceId: device.id, holder: 'retail' }]);
  const document = (await pull()).body;
  expect(document.ranges).toMatchObject([{ id, prefix: '45.96.0.0/26' }]);
  expect(await freeBlocks(database, pool.id)).toEqual(['45.96.0.128/25']);
  await acknowledge(document.revision);
  expect((await api.expect(200, 'GET', `/v1/allocations/${id}`)).waitingFor).toEqual([]);
  const rest = `/v1/allocations/${released[0]?.id}`;
  expect((await api.expect(200, 'GET', rest)).state).toBe('quarantined');
  await api.expect(200, 'POST', `${rest}/release-quarantine`, { body: { reason: 'to grow again' } });
  expect((await resize(id, { prefixLength: 25 })).allocation).toMatchObject({ prefix: '45.96.0.0/25', waitingFor: ['device'] });
  expect((await pull()).body.ranges).toMatchObject([{ id, prefix: '45.96.0.0/25' }]);
});

test('policy, state and sense are asked', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 60, ipv4: { minPrefixLength: 26, maxPrefixLength: 28 } } });
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.0/27' });
  const path = `/v1/allocations/${id}/resize`;
  for (const prefixLength of [25, 29, 64]) await api.problem('length-not-allowed', 'POST', path, { body: { prefixLength } });
  for (const keep of ['45.96.0.32/28', '45.96.0.0/27', '2a0e:b100::/28']) await api.problem('invalid-request', 'POST', path, { body: { prefixLength: 28, keep } });
  await api.problem('precondition-failed', 'POST', path, { body: { prefixLength: 28 }, headers: { 'if-match': '"5"' } });
  await api.expect(200, 'POST', `/v1/allocations/${id}/drain`);
  await api.problem('state-conflict', 'POST', path, { body: { prefixLength: 26 } });
  expect((await resize(id, { prefixLength: 28 })).allocation.state).toBe('drained');
  await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  await api.problem('state-conflict', 'POST', path, { body: { prefixLength: 28 } });
});

test('two who grow into the same space at the same moment: one of them has it', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [one, other] = [await allocate(api, root.id, { prefix: '45.96.0.0/26' }), await allocate(api, root.id, { prefix: '45.96.0.128/26' })];
  const answers = await Promise.all([one, other].map(({ id }) => api.post(`/v1/allocations/${id}/resize`, { prefixLength: 24 })));
  expect(answers.map((answer) => answer.status)).toEqual([409, 409]);
  await api.expect(200, 'DELETE', `/v1/allocations/${other.id}`);
  const grown = await Promise.all([api.post(`/v1/allocations/${one.id}/resize`, { prefixLength: 24 }), api.post('/v1/allocations', { poolId: root.id, prefix: '45.96.0.192/26', holder: 'x', service: 'y' })]);
  expect(grown.filter((answer) => answer.status < 300)).toHaveLength(1);
});

test('a quota bounds what is grown, and what comes to a holder from another', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const holder = unique('holder');
  await api.expect(201, 'POST', '/v1/quotas', { body: { holder, ipv4Addresses: '64' } });
  const mine = await allocate(api, root.id, { prefix: '45.96.0.0/27', holder });
  const path = `/v1/allocations/${mine.id}/resize`;
  await api.problem('quota-exceeded', 'POST', path, { body: { prefixLength: 25 } });
  expect((await resize(mine.id, { prefixLength: 26 })).allocation.prefix).toBe('45.96.0.0/26');
  const other = await allocate(api, root.id, { prefix: '45.96.0.128/27' });
  await api.problem('quota-exceeded', 'PATCH', `/v1/allocations/${other.id}`, { body: { holder } });
  await api.problem('quota-exceeded', 'POST', `/v1/allocations/${other.id}/move`, { body: { holder } });
  await resize(mine.id, { prefixLength: 27 });
  expect((await api.expect(200, 'PATCH', `/v1/allocations/${other.id}`, { body: { holder } })).holder).toBe(holder);
  await api.problem('quota-exceeded', 'POST', path, { body: { prefixLength: 26 } });
});
