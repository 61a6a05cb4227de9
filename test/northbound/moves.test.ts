import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice } from '../southbound/devices.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newChild, newRoot, type Allocation, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});
afterAll(() => controller.stop());

const move = (id: string, body: object, query = ''): Promise<Allocation> => controller.api.expect(200, 'POST', `/v1/allocations/${id}/move${query}`, { body });
const pool = (id: string): Promise<Pool> => controller.api.expect(200, 'GET', `/v1/pools/${id}`);

test('down to a child, over to its sibling, up to the parent again: the addresses go along and nothing is left behind', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [north, south] = [await newChild(api, root.id, { prefixes: ['45.96.0.128/26'] }), await newChild(api, root.id, { prefixes: ['45.96.0.192/26'] })];
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.64/28' });
  const before = await freeBlocks(database, root.id);
  expect((await move(id, { poolId: north.id }, '?dryRun=true')).poolId).toBe(north.id);
  expect((await pool(north.id)).prefixes).toEqual(['45.96.0.128/26']);

  expect(await move(id, { poolId: north.id })).toMatchObject({ poolId: north.id, prefix: '45.96.0.64/28', state: 'active' });
  expect((await pool(north.id)).prefixes).toEqual(['45.96.0.64/28', '45.96.0.128/26']);
  expect(await freeBlocks(database, root.id)).toEqual(before);
  await move(id, { poolId: south.id });
  expect([(await pool(north.id)).prefixes, (await pool(south.id)).prefixes]).toEqual([['45.96.0.128/26'], ['45.96.0.64/28', '45.96.0.192/26']]);
  await move(id, { poolId: root.id });
  expect((await pool(south.id)).prefixes).toEqual(['45.96.0.192/26']);
  expect(await freeBlocks(database, root.id)).toEqual(before);
  expect(await move(id, { poolId: root.id })).toMatchObject({ poolId: root.id });
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${id}&operation=moveAllocation`);
  expect(items.map((one: { before: Allocation; after: Allocation }) => [one.before.poolId, one.after.poolId])).toEqual([[south.id, root.id], [north.id, south.id], [root.id, north.id]]);
  await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
});

test('out of the middle of a prefix: what is around it stays, cut in as few prefixes as can be', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [north, south] = [await newChild(api, root.id, { prefixes: ['45.96.0.0/25'] }), await newChild(api, root.id, { prefixes: ['45.96.0.128/25'] })];
  const mine = await allocate(api, north.id, { prefix: '45.96.0.32/28' });
  const other = await allocate(api, north.id, { prefix: '45.96.0.64/28' });
  await move(mine.id, { poolId: south.id });
  expect((await pool(north.id)).prefixes).toEqual(['45.96.0.0/27', '45.96.0.48/28', '45.96.0.64/26']);
  expect(await freeBlocks(database, north.id)).toEqual(['45.96.0.0/27', '45.96.0.48/28', '45.96.0.80/28', '45.96.0.96/27']);
  expect((await api.expect(200, 'GET', `/v1/allocations/${other.id}`)).poolId).toBe(north.id);
  await move(other.id, { poolId: root.id });
  expect((await pool(north.id)).prefixes).toEqual(['45.96.0.0/27', '45.96.0.48/28', '45.96.0.80/28', '45.96.0.96/27']);
  // The pools are as usable as before.
  await api.expect(200, 'DELETE', `/v1/allocations/${mine.id}`);
  await api.expect(204, 'DELETE', `/v1/pools/${south.id}`);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.32/28', '45.96.0.128/25']);
});

test('any other pool is refused, and so is a length that its policy does not have', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const child = await newChild(api, root.id, { prefixes: ['45.96.0.0/25'], policy: { ipv4: { maxPrefixLength: 26 } } });
  const grandchild = await newChild(api, child.id, { prefixes: ['45.96.0.0/26'], policy: { ipv4: { maxPrefixLength: 32 } } });
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.128/28' });
  const path = `/v1/allocations/${id}/move`;
  const elsewhere = await newRoot(api, ['45.96.0.0/24']);
  for (const poolId of [grandchild.id, elsewhere.id]) await api.problem('pool-unsuitable', 'POST', path, { body: { poolId } });
  await api.problem('length-not-allowed', 'POST', path, { body: { poolId: child.id } });
  await api.problem('invalid-request', 'POST', path, { body: {} });
  await api.problem('precondition-failed', 'POST', path, { body: { poolId: child.id }, headers: { 'if-match': '"8"' } });
});

test('to another holder, and to another pool as well: the device keeps it, and is told whose it is', async () => {
  const { api } = controller;
  const { device, pool: root, pull, acknowledge } = await pullingDevice(api);
  const child = await newChild(api, root.id, { prefixes: ['45.96.0.0/26'] });
  const { id } = await allocate(api, root.id, { prefix: '45.96.0.128/26', deviceId: device.id });
  await acknowledge((await pull()).body.revision);
  const etag = (await api.get(`/v1/allocations/${id}`)).headers.get('etag') ?? '';
  const moved = await api.post(`/v1/allocations/${id}/move`, { poolId: child.id, holder: 'wholesale' }, { headers: { 'if-match': etag } });
  expect(moved.body).toMatchObject({ poolId: child.id, holder: 'wholesale', state: 'active', waitingFor: ['device'] });
  expect((await pull()).body.ranges).toMatchObject([{ id, prefix: '45.96.0.128/26', holder: 'wholesale', state: 'active' }]);
});
