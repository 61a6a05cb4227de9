import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice } from '../southbound/devices.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, newChild, newRoot, unique, type Allocation } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});
afterAll(() => controller.stop());

const read = (id: string): Promise<Allocation> => controller.api.expect(200, 'GET', `/v1/allocations/${id}`);

test('a pool runs empty with all below it: nothing new, everything drained, and what is left is shown until it can go', async () => {
  const { api } = controller;
  const { device, pool: top, pull, acknowledge, door } = await pullingDevice(api, '45.96.0.0/22');
  const pool = await newChild(api, top.id, { prefixes: ['45.96.0.0/23'], labels: { name: unique('pool') } });
  const below = await newChild(api, pool.id, { prefixes: ['45.96.1.0/24'] });
  const served = await allocate(api, pool.id, { prefix: '45.96.0.0/26', deviceId: device.id });
  const plain = await allocate(api, below.id, { prefix: '45.96.1.0/25' });
  const aside = await allocate(api, top.id, { prefix: '45.96.2.0/26' });
  await acknowledge((await pull()).body.revision);

  expect(await api.expect(200, 'POST', `/v1/pools/${pool.id}/retire?dryRun=true`)).toMatchObject({ state: 'retiring' });
  expect((await read(served.id)).state).toBe('active');
  const left = await api.expect(200, 'POST', `/v1/pools/${pool.id}/retire`);
  expect(left).toEqual({
    poolId: pool.id,
    state: 'retiring',
    pools: 1,
    allocations: [
      { family: 'ipv4', state: 'drained', count: 1, addresses: '128' },
      { family: 'ipv4', state: 'draining', count: 1, addresses: '64' },
    ],
  });
  expect([(await read(served.id)).state, (await read(plain.id)).state, (await read(aside.id)).state]).toEqual(['draining', 'drained', 'active']);
  expect(await api.expect(200, 'POST', `/v1/pools/${pool.id}/retire`)).toEqual(left);

  for (const poolId of [pool.id, below.id]) await api.problem('pool-retiring', 'POST', '/v1/allocations', { body: allocationOf(poolId, { prefixLength: 28 }) });
  await api.problem('pool-retiring', 'POST', '/v1/pools', { body: { parentId: below.id, name: 'x', carve: [{ family: 'ipv4', prefixLength: 28 }] } });
  await api.problem('pool-retiring', 'PATCH', `/v1/pools/${below.id}`, { body: { prefixes: ['45.96.1.0/24', '45.96.0.128/25'] } });
  await api.problem('pool-retiring', 'POST', `/v1/allocations/${plain.id}/activate`);
  await api.problem('pool-retiring', 'POST', `/v1/allocations/${aside.id}/move`, { body: { poolId: pool.id } });
  await api.problem('pool-retiring', 'POST', `/v1/pools/${pool.id}/split`, { body: { prefixLength: 24 } });
  // A selector passes it by.
  const elsewhere = await newRoot(api, ['45.97.0.0/24'], { labels: pool.labels });
  expect(await api.expect(201, 'POST', '/v1/allocations', { body: { poolSelector: { labels: pool.labels }, prefixLength: 28, holder: 'x', service: 'y' } })).toMatchObject({ poolId: elsewhere.id });

  const { body } = await pull();
  expect(body.ranges).toMatchObject([{ id: served.id, state: 'draining' }]);
  await acknowledge(body.revision);
  await door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence: 1, revision: body.revision, ranges: [{ id: served.id, assigned: '0', total: '61' }] } });
  expect((await api.expect(200, 'GET', `/v1/pools/${pool.id}/remains`)).allocations).toEqual([{ family: 'ipv4', state: 'drained', count: 2, addresses: '192' }]);
  for (const { id } of [served, plain]) await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  await acknowledge((await pull()).body.revision);
  await eventually(async () => expect(await api.expect(200, 'GET', `/v1/pools/${pool.id}/remains`)).toMatchObject({ pools: 1, allocations: [] }));
  for (const { id } of [below, pool]) await api.expect(204, 'DELETE', `/v1/pools/${id}`);
});

test('activate cancels it: the pool gives out again, and what drained is in use again once its device knows', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  const served = await allocate(api, pool.id, { prefix: '45.96.0.0/26', deviceId: device.id });
  const plain = await allocate(api, pool.id, { prefix: '45.96.0.64/26' });
  await acknowledge((await pull()).body.revision);
  const etag = (await api.get(`/v1/pools/${pool.id}`)).headers.get('etag') ?? '';
  await api.expect(200, 'POST', `/v1/pools/${pool.id}/retire`, { headers: { 'if-match': etag } });
  await api.problem('precondition-failed', 'POST', `/v1/pools/${pool.id}/activate`, { headers: { 'if-match': etag } });
  expect((await api.expect(200, 'GET', `/v1/pools/${pool.id}`)).state).toBe('retiring');
  const back = await api.expect(200, 'POST', `/v1/pools/${pool.id}/activate`);
  expect(back.allocations.map((one: { state: string }) => one.state)).toEqual(['active', 'provisioning']);
  expect([(await read(served.id)).state, (await read(plain.id)).state]).toEqual(['provisioning', 'active']);
  await acknowledge((await pull()).body.revision);
  expect((await read(served.id)).state).toBe('active');
  await allocate(api, pool.id, { prefixLength: 28 });
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${served.id}`);
  expect(items.map((one: { operation: string }) => one.operation)).toEqual(['acknowledgeDocument', 'activatePool', 'retirePool', 'acknowledgeDocument', 'allocatePrefix']);
});

test('who allocates while a pool retires gets it drained or is refused, never something in between', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const answers = await Promise.all([
    ...Array.from({ length: 12 }, () => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 29 }))),
    api.post(`/v1/pools/${root.id}/retire`),
    ...Array.from({ length: 12 }, () => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 29 }))),
  ]);
  expect(answers.filter((answer) => answer.status >= 400).every((answer) => answer.body.code === 'pool-retiring')).toBe(true);
  expect(await database.query(`select distinct state from allocations where pool_id = $1`, [root.id])).toEqual(answers.some((answer) => answer.status === 201) ? [{ state: 'drained' }] : []);
});
