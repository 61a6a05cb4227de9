/** What a holder may have: counted exactly, whoever changes it, and never exceeded, however many ask at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components } from '../../src/contract/northbound.generated.js';
import { pullingDevice } from '../southbound/devices.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, newRoot, newSpace, unique, type Allocation, type Pool } from './plan.js';

type Quota = components['schemas']['Quota'];

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const newQuota = (holder: string, more: object): Promise<Quota> => controller.api.expect(201, 'POST', '/v1/quotas', { body: { holder, ...more } });
const usedOf = async ({ id }: Quota): Promise<Quota['used']> => (await controller.api.expect(200, 'GET', `/v1/quotas/${id}`)).used;

/** What the allocations themselves say, past all counters. */
async function counted(holder: string): Promise<Quota['used']> {
  const [sums] = await controller.database.query<{ ipv4: string; ipv6: string }>(
    `select coalesce(sum(power(2::numeric, 32 - masklen(prefix))) filter (where family(prefix) = 4), 0)::numeric(39)::text as ipv4,
       coalesce(sum(greatest(1, power(2::numeric, 64 - masklen(prefix)))) filter (where family(prefix) = 6), 0)::numeric(39)::text as ipv6
     from allocations where holder = $1 and state <> 'quarantined'`,
    [holder],
  );
  return { ipv4Addresses: sums?.ipv4 ?? '', ipv6Subnets: sums?.ipv6 ?? '' };
}

test('a limit in addresses, one in /64 subnets: a /56 is 256 of them, a /80 is one', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/16', '2001:db9::/32']);
  const quota = await newQuota(holder, { ipv4Addresses: '300', ipv6Subnets: '257' });
  await allocate(api, root.id, { holder, family: 'ipv4', prefixLength: 24 });
  await allocate(api, root.id, { holder, family: 'ipv6', prefixLength: 56 });
  await allocate(api, root.id, { holder, family: 'ipv6', prefixLength: 80 });
  expect(await usedOf(quota)).toEqual({ ipv4Addresses: '256', ipv6Subnets: '257' });
  const problem = await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(root.id, { holder, family: 'ipv4', prefixLength: 26 }) });
  expect(problem.quota).toEqual({ id: quota.id, unit: 'ipv4Addresses', perRequest: false, limit: '300', used: '256', asked: '64' });
  await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(root.id, { holder, family: 'ipv6', prefixLength: 128 }) });
  await allocate(api, root.id, { holder, family: 'ipv4', prefixLength: 27 });
  await allocate(api, root.id, { family: 'ipv4', prefixLength: 20 });
});

test('trap: one request does not drain a /16 by accident, nor do many prefixes of one request', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/16']);
  await newQuota(holder, { ipv4AddressesPerRequest: '1024' });
  const problem = await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(root.id, { holder, prefixLength: 16 }) });
  expect(problem.quota).toMatchObject({ perRequest: true, limit: '1024', asked: '65536' });
  await api.problem('quota-exceeded', 'POST', '/v1/allocation-sets', { body: { items: [{ request: allocationOf(root.id, { holder, prefixLength: 24 }), count: 5 }] } });
  await api.expect(201, 'POST', '/v1/allocation-sets', { body: { items: [{ request: allocationOf(root.id, { holder, prefixLength: 24 }), count: 4 }] } });
  await allocate(api, root.id, { holder, prefixLength: 22 });
});

test('trap: nor do many prefixes of one request over several pools; a quota for one space counts what is asked there', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const [one, two] = [await newRoot(api, ['45.96.0.0/16', '2001:db9::/32']), await newRoot(api, ['45.97.0.0/16', '2001:db9::/32'])];
  await newQuota(holder, { ipv4AddressesPerRequest: '1024', ipv6SubnetsPerRequest: '2' });
  await newQuota(holder, { spaceId: one.spaceId, ipv4AddressesPerRequest: '512' });
  const items = (...counts: [Pool, number, object?][]): object => ({ items: counts.map(([{ id }, count, more]) => ({ request: allocationOf(id, { holder, family: 'ipv4', prefixLength: 24, ...more }), count })) });
  const problem = await api.problem('quota-exceeded', 'POST', '/v1/allocation-sets', { body: items([one, 2], [two, 3]) });
  expect(problem.quota).toMatchObject({ perRequest: true, limit: '1024', asked: '1280' });
  expect((await api.problem('quota-exceeded', 'POST', '/v1/allocation-sets', { body: items([one, 3]) })).quota).toMatchObject({ limit: '512', asked: '768' });
  const six = { family: 'ipv6', prefixLength: 64 };
  await api.problem('quota-exceeded', 'POST', '/v1/allocation-sets', { body: items([one, 1, six], [two, 2, six]) });
  await api.expect(201, 'POST', '/v1/allocation-sets', { body: items([one, 2], [two, 2], [one, 1, six], [two, 1, six]) });
});

test('what is counted follows what happens: before the quota, on release, in quarantine, from holder to holder, in one space', async () => {
  const { api } = controller;
  const [holder, other] = [unique('holder'), unique('holder')];
  const root = await newRoot(api, ['45.96.0.0/16'], { policy: { quarantineSeconds: 600 } });
  const elsewhere = await newRoot(api, ['45.96.0.0/16']);
  const first = await allocate(api, root.id, { holder, prefixLength: 24 });
  await allocate(api, elsewhere.id, { holder, prefixLength: 25 });
  const all = await newQuota(holder, { ipv4Addresses: '1000' });
  const here = await newQuota(holder, { spaceId: root.spaceId });
  const others = await newQuota(other, {});
  expect([await usedOf(all), await usedOf(here)].map((used) => used.ipv4Addresses)).toEqual(['384', '256']);
  const second = await allocate(api, root.id, { holder, prefixLength: 26 });
  await api.expect(200, 'PATCH', `/v1/allocations/${second.id}`, { body: { holder: other } });
  expect((await usedOf(others)).ipv4Addresses).toBe('64');
  const released: Allocation = await api.expect(200, 'DELETE', `/v1/allocations/${first.id}`);
  expect(released.state).toBe('quarantined');
  expect([await usedOf(all), await usedOf(here)].map((used) => used.ipv4Addresses)).toEqual(['128', '0']);
  await api.expect(200, 'POST', `/v1/allocations/${first.id}/release-quarantine`, { body: { reason: 'nothing routes to it' } });
  await allocate(api, root.id, { holder, prefixLength: 28 });
  expect(await usedOf(all)).toEqual(await counted(holder));
  expect(await usedOf(others)).toEqual(await counted(other));
});

test('below /64 what is given back counts one a part until the device has let go of it: never refused, and nothing new meanwhile', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const { device, pool, pull, acknowledge } = await pullingDevice(api, '2001:db9::/56');
  const quota = await newQuota(holder, { ipv6Subnets: '1' });
  const { id } = await allocate(api, pool.id, { holder, prefixLength: 64, deviceId: device.id });
  await acknowledge((await pull()).body.revision);
  await api.expect(200, 'POST', `/v1/allocations/${id}/resize`, { body: { prefixLength: 67 } });
  expect((await usedOf(quota)).ipv6Subnets).toBe('4');
  await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(pool.id, { holder, prefixLength: 128 }) });
  await acknowledge((await pull()).body.revision);
  expect((await usedOf(quota)).ipv6Subnets).toBe('1');
});

test('limits change with If-Match, and lifting one lets more through; one quota for each holder and space', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/16']);
  const quota = await newQuota(holder, { ipv4Addresses: '16' });
  await api.problem('name-taken', 'POST', '/v1/quotas', { body: { holder } });
  await api.problem('space-not-found', 'POST', '/v1/quotas', { body: { holder, spaceId: '0192f5f0-0000-7000-8000-0000000000ff' } });
  await newQuota(holder, { spaceId: await newSpace(api), ipv4Addresses: '0' });
  await api.problem('precondition-failed', 'PATCH', `/v1/quotas/${quota.id}`, { body: { ipv4Addresses: null }, headers: { 'if-match': '"9"' } });
  await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(root.id, { holder, prefixLength: 24 }) });
  expect(await api.expect(200, 'PATCH', `/v1/quotas/${quota.id}`, { body: { ipv4Addresses: '256' }, headers: { 'if-match': '"1"' } })).toMatchObject({ ipv4Addresses: '256', ipv6Subnets: null });
  await allocate(api, root.id, { holder, prefixLength: 24 });
  await api.problem('quota-exceeded', 'POST', '/v1/allocations', { body: allocationOf(root.id, { holder, prefixLength: 32 }) });
  expect((await api.get(`/v1/quotas?holder=${holder}`)).body.items).toHaveLength(2);
  await api.expect(204, 'DELETE', `/v1/quotas/${quota.id}`);
  await allocate(api, root.id, { holder, prefixLength: 32 });
});

test('turns of several pools at once: not one address too many, none refused that had room, no deadlock', async () => {
  const { api, database } = controller;
  const [one, two] = [unique('holder'), unique('holder')];
  const roots = await Promise.all([0, 1, 2].map(() => newRoot(api, ['45.96.0.0/22'])));
  const quotas = [await newQuota(one, { ipv4Addresses: '100' }), await newQuota(two, { ipv4Addresses: '60' })];
  const [before] = await database.query<{ deadlocks: string }>('select deadlocks::text from pg_stat_database where datname = current_database()');
  const asked = Array.from({ length: 240 }, (_, at) => api.post('/v1/allocations', allocationOf(roots[at % 3]?.id ?? '', { holder: at % 2 === 0 ? one : two, prefixLength: 32 })));
  const answers = await Promise.all(asked);
  expect(new Set(answers.map((answer) => answer.body.code ?? 'served'))).toEqual(new Set(['served', 'quota-exceeded']));
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(160);
  expect(await Promise.all(quotas.map(usedOf))).toEqual([await counted(one), await counted(two)]);
  const [after] = await database.query<{ deadlocks: string }>('select deadlocks::text from pg_stat_database where datname = current_database()');
  expect(after).toEqual(before);
});

test('batches that resize what a quota bounds meet those who take from it without a deadlock', async () => {
  const { api, database } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/20']);
  await newQuota(holder, { ipv4Addresses: '4096' });
  const held = await Promise.all(Array.from({ length: 12 }, () => allocate(api, root.id, { holder, prefixLength: 28 })));
  const deadlocks = async (): Promise<unknown> => database.query('select pg_stat_force_next_flush(), deadlocks::text from pg_stat_database where datname = current_database()');
  const before = await deadlocks();
  const answers = await Promise.all(
    held.flatMap(({ id }) => [
      api.post('/v1/batches', { mode: 'atomic', items: [{ operation: 'createHold', body: { poolId: root.id, prefixLength: 30, holder: 'nobody' } }, { operation: 'resizeAllocation', path: { allocationId: id }, body: { prefixLength: 29 } }] }),
      api.post('/v1/allocations', allocationOf(root.id, { holder, prefixLength: 30 })),
    ]),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
  expect(await deadlocks()).toEqual(before);
});

test('releases go on while a quota is in its turn, and the next turn counts them', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/24']);
  const quota = await newQuota(holder, { ipv4Addresses: '64' });
  const held = await Promise.all(Array.from({ length: 64 }, () => allocate(api, root.id, { holder, prefixLength: 32 })));
  await Promise.all(held.slice(0, 40).map(({ id }) => api.expect(200, 'DELETE', `/v1/allocations/${id}`)));
  const answers = await Promise.all(Array.from({ length: 60 }, () => api.post('/v1/allocations', allocationOf(root.id, { holder, prefixLength: 32 }))));
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(40);
  expect(await usedOf(quota)).toEqual({ ipv4Addresses: '64', ipv6Subnets: '0' });
});
