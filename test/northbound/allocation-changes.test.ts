import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice } from '../southbound/devices.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { lockWaits } from '../support/lock-waits.js';
import { allocate, freeBlocks, newDevice, newRoot, sleep, withConnection } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});
afterAll(() => controller.stop());

test('labels, holder, service, lifetime and origin AS change; what is not named stays, and the request as it was made', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const before = await allocate(api, root.id, { prefixLength: 26, labels: { a: '1' }, originAs: 64500 });
  const changed = await api.patch(`/v1/allocations/${before.id}`, { holder: 'wholesale', labels: { b: '2' } });
  expect(changed.body).toEqual({ ...before, holder: 'wholesale', labels: { b: '2' }, updatedAt: changed.body.updatedAt });
  expect(changed.headers.get('etag')).toBe('"2"');
  const cleared = await api.expect(200, 'PATCH', `/v1/allocations/${before.id}`, { body: { service: 'voip', originAs: null, validUntil: '2099-01-01T00:00:00Z' } });
  expect(cleared).toMatchObject({ holder: 'wholesale', service: 'voip', originAs: null, validUntil: '2099-01-01T00:00:00.000Z', state: 'active', waitingFor: [] });
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${before.id}&operation=updateAllocation`);
  expect(items).toHaveLength(2);
  expect(items[0]).toMatchObject({ before: { service: 'internet', originAs: 64500 }, after: { service: 'voip', originAs: null } });
});

test('If-Match guards a change, a dry run makes none, and nobody changes what is leaving', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  const path = `/v1/allocations/${id}`;
  await api.problem('precondition-failed', 'PATCH', path, { body: { holder: 'x' }, headers: { 'if-match': '"7"' } });
  await api.expect(200, 'PATCH', path, { body: { holder: 'x' }, headers: { 'if-match': '"1"' } });
  expect((await api.expect(200, 'PATCH', `${path}?dryRun=true`, { body: { holder: 'y' } })).holder).toBe('y');
  expect((await api.expect(200, 'GET', path)).holder).toBe('x');
  for (const body of [{ validUntil: '2020-01-01T00:00:00Z' }, {}, { prefix: '45.96.0.0/27' }, { holder: null }]) await api.problem('invalid-request', 'PATCH', path, { body });
  await api.expect(200, 'DELETE', path);
  expect((await api.problem('state-conflict', 'PATCH', path, { body: { holder: 'z' } })).detail).toContain('quarantined');
});

test('a device is told of a new holder or service and of nothing else, and until it confirms the allocation waits', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api);
  const { id } = await allocate(api, pool.id, { prefixLength: 26, deviceId: device.id });
  const first = (await pull()).body;
  await acknowledge(first.revision);
  expect((await api.expect(200, 'GET', `/v1/allocations/${id}`)).state).toBe('active');
  await api.expect(200, 'PATCH', `/v1/allocations/${id}`, { body: { labels: { x: 'y' }, holder: 'retail', originAs: 64501, validUntil: null } });
  expect((await pull(first.revision)).status).toBe(304);
  const told = await api.expect(200, 'PATCH', `/v1/allocations/${id}`, { body: { holder: 'wholesale' } });
  expect(told).toMatchObject({ state: 'active', waitingFor: ['device'] });
  const second = (await pull(first.revision)).body;
  expect(second.ranges).toMatchObject([{ id, holder: 'wholesale', state: 'active' }]);
  await acknowledge(second.revision);
  expect(await api.expect(200, 'GET', `/v1/allocations/${id}`)).toMatchObject({ state: 'active', waitingFor: [] });
});

test('the parent CA is told of another origin AS, and of no other holder', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const parentCa = await newDevice(api, root.spaceId, { kind: 'rpki', adapter: 'rpki', endpoint: 'http://127.0.0.1:1/', credentials: {} });
  const { id } = await allocate(api, root.id, { prefixLength: 26, certify: true, originAs: 64500 });
  const wanted = async (): Promise<unknown> => (await database.query('select wanted_revision::text as revision from deliveries where device_id = $1', [parentCa.id]))[0];
  const before = await wanted();
  await api.expect(200, 'PATCH', `/v1/allocations/${id}`, { body: { holder: 'wholesale', service: 'voip' } });
  expect(await wanted()).toEqual(before);
  const changed = await api.expect(200, 'PATCH', `/v1/allocations/${id}`, { body: { originAs: 64501 } });
  expect(changed).toMatchObject({ originAs: 64501, waitingFor: ['certificate'] });
  expect(await wanted()).not.toEqual(before);
});

test('renewed later it lives on, renewed sooner it ends sooner, and without an end it stays', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const soon = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();
  const later = await allocate(api, root.id, { prefixLength: 26, validUntil: soon(3_000) });
  const sooner = await allocate(api, root.id, { prefixLength: 26, validUntil: '2099-01-01T00:00:00Z' });
  const endless = await allocate(api, root.id, { prefixLength: 26, validUntil: soon(3_000) });
  await api.expect(200, 'PATCH', `/v1/allocations/${later.id}`, { body: { validUntil: soon(3_600_000) } });
  await api.expect(200, 'PATCH', `/v1/allocations/${sooner.id}`, { body: { validUntil: soon(3_200) } });
  await api.expect(200, 'PATCH', `/v1/allocations/${endless.id}`, { body: { validUntil: null } });
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${sooner.id}`));
  await sleep(500);
  for (const { id } of [later, endless]) expect((await api.expect(200, 'GET', `/v1/allocations/${id}`)).state).toBe('active');
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.64/26', '45.96.0.192/26']);
});

test('a renewal that commits while the expiry waits for its turn is kept to', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id } = await allocate(api, root.id, { prefixLength: 28, validUntil: new Date(Date.now() + 2_000).toISOString() });
  await withConnection(database, async (client) => {
    await client.query('begin');
    await client.query('select from allocations where id = $1 for no key update', [id]);
    // The expiry has read that the time is over, and now waits for the row.
    await lockWaits(database, 1);
    await client.query(`update allocations set valid_until = now() + interval '1 hour' where id = $1`, [id]);
    await client.query('commit');
  });
  await eventually(async () => expect(await database.query(`select from graphile_worker.jobs where key = $1 and run_at > now() + interval '59 minutes'`, [`expire-allocation:${id}`])).toHaveLength(1));
  expect((await api.expect(200, 'GET', `/v1/allocations/${id}`)).state).toBe('active');
});

test('trap: the expiry sweeper deadlocks no allocators: allocating, renewing and releasing go on beside it', async () => {
  const { api, database } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api, '45.96.0.0/20');
  const validUntil = new Date(Date.now() + 6_000).toISOString();
  const ending = await Promise.all(Array.from({ length: 40 }, (_, at) => allocate(api, pool.id, { prefixLength: 28, validUntil, ...(at % 2 === 0 ? { deviceId: device.id } : {}) })));
  const renewed = ending.slice(0, 6);
  await Promise.all(renewed.map(({ id }) => api.expect(200, 'PATCH', `/v1/allocations/${id}`, { body: { validUntil: '2099-01-01T00:00:00Z' } })));
  await sleep(Math.max(0, Date.parse(validUntil) - Date.now() - 100));
  const beside = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const { id } = await allocate(api, pool.id, { prefixLength: 28, ...(at % 3 === 0 ? { deviceId: device.id } : {}) });
      if (at % 2 === 0) return id;
      await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
      return undefined;
    }),
  );
  const stay = [...renewed.map(({ id }) => id), ...beside.filter((id) => id !== undefined)].toSorted();
  await eventually(async () => {
    await acknowledge((await pull()).body.revision);
    expect((await database.query<{ id: string }>('select id from allocations where pool_id = $1 order by id', [pool.id])).map(({ id }) => id)).toEqual(stay);
  });
  expect(await database.query(`select key, last_error from graphile_worker.jobs where last_error is not null`)).toEqual([]);
});
