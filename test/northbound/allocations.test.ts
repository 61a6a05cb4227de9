import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newChild, newDevice, newRoot, newSpace, nowhere, unique, type Pool, type Problem } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('an allocation reads back with its request, its version and its place', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32']);
  const request = { ...allocationOf(root.id), family: 'ipv6', prefixLength: 56, originAs: 4_294_967_295, labels: { site: 'a' }, validUntil: '2099-01-01T00:00:00+02:00' };
  const made = await api.post('/v1/allocations', request);
  expect(made.status).toBe(201);
  expect(made.headers.get('location')).toBe(`/v1/allocations/${made.body.id}`);
  expect(made.body).toMatchObject({
    spaceId: root.spaceId,
    prefix: '2a0e:b100::/56',
    family: 'ipv6',
    state: 'active',
    waitingFor: [],
    certify: false,
    certification: 'none',
    originAs: 4_294_967_295,
    labels: { site: 'a' },
    validUntil: '2098-12-31T22:00:00.000Z',
    request,
  });
  const read = await api.get(`/v1/allocations/${made.body.id}`);
  expect(read.body).toEqual(made.body);
  expect(read.headers.get('etag')).toBe(made.headers.get('etag'));
  await api.problem('allocation-not-found', 'GET', `/v1/allocations/${nowhere}`);
});

test('lengths are the pool’s to allow, and its default serves who names none', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32'], { policy: { ipv4: { minPrefixLength: 22, maxPrefixLength: 30, defaultPrefixLength: 26 } } });
  const four = { family: 'ipv4' };
  expect((await allocate(api, root.id, four)).prefix).toBe('45.96.0.0/26');
  const asked = (more: object): object => ({ body: allocationOf(root.id, more) });
  expect((await api.problem('length-not-allowed', 'POST', '/v1/allocations', asked({ ...four, prefixLength: 31 }))).allowed).toEqual(['/22 to /30']);
  await api.problem('length-not-allowed', 'POST', '/v1/allocations', asked({ prefix: '45.96.0.0/21' }));
  await api.problem('length-not-allowed', 'POST', '/v1/allocations', asked({ family: 'ipv6' }));
  await api.problem('invalid-request', 'POST', '/v1/allocations', asked({ prefixLength: 26 }));
  const only = await newChild(api, root.id, { carve: [{ family: 'ipv4', prefixLength: 24 }] });
  expect((await allocate(api, only.id)).family).toBe('ipv4');
});

test('an exact prefix is had once, and the problem says what is in the way', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  expect((await allocate(api, root.id, { prefix: '45.96.7.16/28' })).prefix).toBe('45.96.7.16/28');
  const { conflicts } = await api.problem('prefix-not-free', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.7.0/24' }) });
  expect(conflicts).toEqual(['45.96.7.16/28']);
  await api.problem('prefix-outside-pool', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.97.0.0/24' }) });
  const child = await newChild(api, root.id, { prefixes: ['45.96.8.0/24'] });
  await api.problem('prefix-not-free', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.8.0/28' }) });
  await allocate(api, child.id, { prefix: '45.96.8.0/28' });
  const { canonical } = await api.problem('invalid-prefix', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.7.17/28' }) });
  expect(canonical).toBe('45.96.7.16/28');
});

test('a /30 taken from a /30', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const all = await allocate(api, root.id, { prefixLength: 30 });
  expect(all.prefix).toBe('45.96.0.0/30');
  expect(await freeBlocks(database, root.id)).toEqual([]);
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
  expect((await api.expect(200, 'DELETE', `/v1/allocations/${all.id}`)).state).toBe('free');
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/30']);
  const parent = await newRoot(api, ['45.96.0.0/30']);
  const child = await newChild(api, parent.id, { carve: [{ family: 'ipv4', prefixLength: 30 }] });
  expect((await allocate(api, child.id, { prefix: '45.96.0.0/30' })).prefix).toBe('45.96.0.0/30');
});

test('counts above 2^63 are exact when a pool is exhausted', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['2a0e:b100::/32']);
  await allocate(api, root.id, { prefixLength: 128 });
  const { free, detail } = await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
  expect(free).toHaveLength(96);
  expect(free[0]).toEqual({ family: 'ipv6', prefixLength: 33, count: '1' });
  expect(detail).toContain('/33');
  const sum = free.reduce((total: bigint, block: { prefixLength: number; count: string }) => total + BigInt(block.count) * 2n ** BigInt(128 - block.prefixLength), 0n);
  expect(sum).toBe(2n ** 96n - 1n);
});

test('a selector falls over to the next pool by name: full ones and unfitting ones are passed by', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const pool = (name: string, prefix: string, policy: object = {}): Promise<Pool> =>
    api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name, prefixes: [prefix], labels: { use: 'access' }, policy } });
  const a = await pool('a', '45.96.0.0/28', { ipv4: { defaultPrefixLength: 28 } });
  const b = await pool('b', '45.97.0.0/24', { ipv4: { maxPrefixLength: 25, defaultPrefixLength: 25 } });
  const c = await pool('c', '45.98.0.0/24');
  const selected = (more: object): object => ({ body: { poolSelector: { spaceId, labels: { use: 'access' } }, holder: 'h', service: 's', ...more } });
  const take = async (more: object): Promise<string> => (await api.expect(201, 'POST', '/v1/allocations', selected(more))).poolId;
  expect(await take({ prefixLength: 29 })).toBe(a.id);
  expect(await take({ prefixLength: 25 })).toBe(b.id);
  expect(await take({ prefixLength: 28 })).toBe(c.id);
  expect(await take({ prefix: '45.98.0.128/25' })).toBe(c.id);
  expect(await take({})).toBe(b.id);
  const exhausted = await api.problem('pool-exhausted', 'POST', '/v1/allocations', selected({ prefixLength: 24 }));
  expect(exhausted.free.map((block: { prefixLength: number }) => block.prefixLength)).toEqual([26, 27, 28, 29]);
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', selected({ family: 'ipv6', prefixLength: 64 }));
  await api.problem('pool-not-found', 'POST', '/v1/allocations', { body: { poolSelector: { labels: { use: 'nobody' } }, holder: 'h', service: 's', prefixLength: 28 } });
  const only = { poolSelector: { spaceId, labels: { use: 'access' } }, holder: 'h', service: 's' };
  await api.problem('invalid-request', 'POST', '/v1/allocations', { body: { ...only, poolId: a.id, prefixLength: 28 } });
});

test('a selector with nothing but unfitting policies says so', async () => {
  const { api } = controller;
  const labels = { use: unique('core') };
  await newRoot(api, ['45.97.0.0/24'], { labels, policy: { ipv4: { maxPrefixLength: 25 } } });
  const body = { poolSelector: { labels }, holder: 'h', service: 's', prefixLength: 28 };
  expect((await api.problem('length-not-allowed', 'POST', '/v1/allocations', { body })).allowed).toEqual(['/0 to /25']);
});

test('a device must be of the pool’s space and use prefixes; a certificate needs a parent CA and a global prefix', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '10.0.0.0/8'], { policy: { allowSpecialPurpose: true } });
  const elsewhere = await newDevice(api, await newSpace(api));
  const refused = (code: string, more: object): Promise<Problem> => api.problem(code, 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.0.0/24', ...more }) });
  await refused('device-unsuitable', { deviceId: elsewhere.id });
  await refused('device-not-found', { deviceId: nowhere });
  await refused('certification-refused', { certify: true });
  const parentCa = await newDevice(api, root.spaceId, { name: unique('ca'), kind: 'rpki', adapter: 'rpki' });
  await refused('certification-refused', { certify: true, prefix: '10.1.0.0/16' });
  await refused('device-unsuitable', { deviceId: parentCa.id });
  const certified = await allocate(api, root.id, { prefix: '45.96.0.0/24', certify: true, originAs: 64500 });
  expect(certified).toMatchObject({ state: 'provisioning', waitingFor: ['certificate'], certify: true, certification: 'requested' });
  const { resources } = await api.expect(200, 'GET', `/v1/devices/${parentCa.id}/document`);
  expect(resources).toEqual([{ id: certified.id, prefix: '45.96.0.0/24', family: 'ipv4', originAs: 64500 }]);
});

test('allocations are found by all that is known of them', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32']);
  const device = await newDevice(api, root.spaceId);
  const a = await allocate(api, root.id, { prefix: '45.96.1.0/24', holder: 'alice', labels: { site: 'a' } });
  const b = await allocate(api, root.id, { prefix: '45.96.2.0/24', holder: 'bob', deviceId: device.id, labels: { site: 'a', floor: '2' } });
  const c = await allocate(api, root.id, { prefix: '2a0e:b100::/48', holder: 'bob' });
  const find = async (query: string): Promise<string[]> => (await api.expect(200, 'GET', `/v1/allocations?spaceId=${root.spaceId}&${query}`)).items.map((one: { id: string }) => one.id);
  expect(await find('')).toEqual([a.id, b.id, c.id]);
  expect(await find(`poolId=${root.id}`)).toEqual([a.id, b.id, c.id]);
  expect(await find(`poolId=${nowhere}`)).toEqual([]);
  expect(await find('holder=bob')).toEqual([b.id, c.id]);
  expect(await find('state=provisioning')).toEqual([b.id]);
  expect(await find('state=free')).toEqual([]);
  expect(await find(`deviceId=${device.id}`)).toEqual([b.id]);
  expect(await find('family=ipv6')).toEqual([c.id]);
  expect(await find('within=45.96.0.0/23')).toEqual([a.id]);
  expect(await find('contains=45.96.2.200')).toEqual([b.id]);
  expect(await find('contains=45.96.2.0/24')).toEqual([b.id]);
  expect(await find('labels=site=a,floor=2')).toEqual([b.id]);
  expect(await find('labels=site=a&holder=alice&family=ipv4')).toEqual([a.id]);
  await api.problem('invalid-request', 'GET', '/v1/allocations?state=lost');
  await api.problem('invalid-prefix', 'GET', '/v1/allocations?contains=45.96.2.1/24');
  const page = await api.expect(200, 'GET', `/v1/allocations?spaceId=${root.spaceId}&limit=2`);
  expect(page.items).toHaveLength(2);
  const rest = await api.expect(200, 'GET', `/v1/allocations?spaceId=${root.spaceId}&limit=2&cursor=${page.nextCursor}`);
  expect(rest).toMatchObject({ items: [{ id: c.id }], nextCursor: null });
});
