/** Several prefixes in one request, all or none; and requests that say where they may be served. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newChild, newDevice, newRoot, nowhere, overlaps, unique, type Allocation, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const request = (poolId: string, more: object = {}): { request: object } => ({ request: allocationOf(poolId, more) });
const prefixes = (answer: { items: Allocation[] }): string[] => answer.items.map((one) => one.prefix);
const clean = async (): Promise<void> => expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);

test('a paired address, subnet and delegated prefix, and several of a kind, in the order of the items', async () => {
  const { api } = controller;
  const v4 = await newRoot(api, ['45.96.0.0/24']);
  const v6: Pool = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId: v4.spaceId, name: unique('v6'), prefixes: ['2a0e:b100::/40'], policy: { placement: 'first' } } });
  const device = await newDevice(api, v4.spaceId);
  const items = [
    request(v4.id, { prefixLength: 32, deviceId: device.id }),
    request(v6.id, { prefixLength: 64, deviceId: device.id }),
    request(v6.id, { prefixLength: 56 }),
    { count: 3, ...request(v4.id, { prefixLength: 30 }) },
    request(v4.id, { prefix: '45.96.0.128/25' }),
  ];
  const headers = { 'idempotency-key': unique('key') };
  const first = await api.post('/v1/allocation-sets', { items }, { headers });
  expect(first.status, JSON.stringify(first.body)).toBe(201);
  expect(prefixes(first.body)).toEqual(['45.96.0.0/32', '2a0e:b100::/64', '2a0e:b100:0:100::/56', '45.96.0.4/30', '45.96.0.8/30', '45.96.0.12/30', '45.96.0.128/25']);
  expect(first.body.items.map((one: Allocation) => one.state)).toEqual(['provisioning', 'provisioning', 'active', 'active', 'active', 'active', 'active']);
  const again = await api.post('/v1/allocation-sets', { items }, { headers });
  expect([again.headers.get('idempotency-replayed'), again.body]).toEqual(['true', first.body]);
  await clean();
});

test('all or none: what cannot be served says which item it was, and the others are not kept', async () => {
  const { api, database } = controller;
  const [one, other] = [await newRoot(api, ['45.96.0.0/28']), await newRoot(api, ['45.97.0.0/28'])];
  const items = [request(one.id, { prefixLength: 30 }), request(other.id, { prefixLength: 30 }), { count: 4, ...request(other.id, { prefixLength: 30 }) }];
  const problem = await api.problem('pool-exhausted', 'POST', '/v1/allocation-sets', { body: { items } });
  expect(problem).toMatchObject({ index: 2, status: 409, free: expect.anything() });
  expect((await api.problem('pool-not-found', 'POST', '/v1/allocation-sets', { body: { items: [items[0], request(nowhere)] } })).index).toBe(1);
  expect((await api.problem('hold-not-found', 'POST', '/v1/allocation-sets', { body: { items: [items[0], { request: { holdId: nowhere, holder: 'h', service: 's' } }] } })).index).toBe(1);
  expect((await api.problem('pool-not-found', 'POST', '/v1/allocation-sets', { body: { items: [items[0], { request: { poolSelector: { poolIds: [nowhere] }, holder: 'h', service: 's' } }] } })).index).toBe(1);
  expect((await api.problem('prefix-not-free', 'POST', '/v1/allocation-sets', { body: { items: [items[0], { count: 2, ...request(other.id, { prefix: '45.97.0.0/30' }) }] } })).index).toBe(1);
  expect([await freeBlocks(database, one.id), await freeBlocks(database, other.id)]).toEqual([['45.96.0.0/28'], ['45.97.0.0/28']]);
  expect(await database.query(`select from audit where resource_type = 'allocation' and after ->> 'poolId' = any($1)`, [[one.id, other.id]])).toEqual([]);
});

test('one request must not drain a pool: 256 prefixes at most', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/20']);
  const most = await api.expect(201, 'POST', '/v1/allocation-sets', { body: { items: [{ count: 200, ...request(root.id, { prefixLength: 30 }) }, { count: 56, ...request(root.id, { prefixLength: 31 }) }] } });
  expect(new Set(prefixes(most)).size).toBe(256);
  await api.problem('invalid-request', 'POST', '/v1/allocation-sets', { body: { items: [{ count: 200, ...request(root.id, { prefixLength: 30 }) }, { count: 57, ...request(root.id, { prefixLength: 31 }) }] } });
  await clean();
});

test('sets over the same pools in opposite orders do not wait for each other in a circle', async () => {
  const { api, database } = controller;
  const pools = await Promise.all(['45.96.0.0/22', '45.97.0.0/22', '45.98.0.0/22'].map((prefix) => newRoot(api, [prefix])));
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, at) => {
      const order = at % 2 === 0 ? pools : pools.toReversed();
      return api.post('/v1/allocation-sets', { items: order.map((pool) => ({ count: 2, ...request(pool.id, { prefixLength: 29 }) })) });
    }),
  );
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
  expect(await overlaps(database)).toEqual([]);
  await clean();
});

test('selectors fall over in the order stated, each request of a count as far as the room goes', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [alpha, beta, gamma] = await Promise.all(['alpha', 'beta', 'gamma'].map((name, at) => newChild(api, root.id, { name, prefixes: [`45.96.0.${at * 16}/28`], labels: { tier: at === 2 ? 'gold' : 'silver' } })));
  const poolsOf = (answer: { items: Allocation[] }): string[] => answer.items.map((one) => one.poolId);
  const select = (poolSelector: object, more: object = {}): object => ({ poolSelector, holder: 'retail', service: 'internet', ...more });
  const six = await api.expect(201, 'POST', '/v1/allocation-sets', { body: { items: [{ count: 6, request: select({ poolIds: [gamma?.id, alpha?.id] }, { prefixLength: 30 }) }] } });
  expect(poolsOf(six)).toEqual([gamma, gamma, gamma, gamma, alpha, alpha].map((pool) => pool?.id));
  const byName = await api.expect(201, 'POST', '/v1/allocation-sets', { body: { items: [{ count: 3, request: select({ labels: { tier: 'silver' }, spaceId: root.spaceId }, { prefixLength: 30 }) }] } });
  expect(poolsOf(byName)).toEqual([alpha, alpha, beta].map((pool) => pool?.id));
  const both = await api.expect(201, 'POST', '/v1/allocations', { body: select({ labels: { tier: 'silver' }, poolIds: [gamma?.id, beta?.id] }, { prefixLength: 30 }) });
  expect(both.poolId).toBe(beta?.id);
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: select({ poolIds: [gamma?.id, alpha?.id] }, { prefixLength: 30 }) });
  await api.problem('invalid-request', 'POST', '/v1/allocations', { body: select({ spaceId: root.spaceId }) });
});

test('allowed and disallowed prefixes: inside the one, beside the other', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24', '2a0e:b100::/48']);
  const of = (more: object): object => ({ family: 'ipv4', prefixLength: 30, ...more });
  expect((await allocate(api, root.id, of({ allowedPrefixes: ['45.96.0.128/25'] }))).prefix).toBe('45.96.0.128/30');
  expect((await allocate(api, root.id, of({ disallowedPrefixes: ['45.96.0.0/25', '45.96.0.132/30', '2a0e:b100::/32'] }))).prefix).toBe('45.96.0.136/30');
  expect((await allocate(api, root.id, of({ allowedPrefixes: ['45.96.0.0/26', '45.96.0.64/26'], disallowedPrefixes: ['45.96.0.0/27'], placement: 'last' }))).prefix).toBe('45.96.0.124/30');
  const six = await allocate(api, root.id, { family: 'ipv6', prefixLength: 56, disallowedPrefixes: ['2a0e:b100::1/128'] });
  expect(six).toMatchObject({ prefix: '2a0e:b100:0:100::/56', request: { disallowedPrefixes: ['2a0e:b100::1/128'] } });
  const full = await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, of({ allowedPrefixes: ['45.96.0.128/31', '45.97.0.0/16'] })) });
  expect(full.detail).toMatch(/where the request allows it/);
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, of({ allowedPrefixes: [] })) });
  await api.problem('invalid-prefix', 'POST', '/v1/allocations', { body: allocationOf(root.id, of({ allowedPrefixes: ['45.96.0.1/24'] })) });
  await api.problem('invalid-request', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.0.0/30', allowedPrefixes: ['45.96.0.0/24'] }) });
  await api.problem('invalid-request', 'POST', '/v1/allocations', { body: allocationOf(root.id, of({ allowedPrefixes: Array.from({ length: 65 }, () => '45.96.0.0/24') })) });
  await clean();
});
