import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newChild, newDevice, newRoot, overlaps, unique, type AuditEntry, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
  expect(await overlaps(controller.database)).toEqual([]);
});
afterAll(() => controller.stop());

const split = (id: string, body: object, query = ''): Promise<{ pool: Pool; created: Pool[]; moved: object }> => controller.api.expect(200, 'POST', `/v1/pools/${id}/split${query}`, { body });
const merge = (id: string, poolIds: string[]): Promise<{ pool: Pool; merged: string[]; moved: object }> => controller.api.expect(200, 'POST', `/v1/pools/${id}/merge`, { body: { poolIds } });
const told = async (id: string): Promise<AuditEntry[]> => (await controller.api.expect(200, 'GET', `/v1/audit?resourceId=${id}&operation=mergePools`)).items;
const poolOf = async (id: string): Promise<string> => (await controller.api.expect(200, 'GET', `/v1/allocations/${id}`)).poolId;

test('a part becomes a pool beside it, with what lies in it; merged again all is as it was', async () => {
  const { api, database } = controller;
  const top = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32']);
  const pool = await newChild(api, top.id, { prefixes: ['45.96.0.0/22', '2a0e:b100::/40'], labels: { a: 'b' }, policy: { quarantineSeconds: 9 } });
  const stays = await allocate(api, pool.id, { prefix: '45.96.0.0/24' });
  const goes = await allocate(api, pool.id, { prefix: '45.96.3.0/25' });
  const child = await newChild(api, pool.id, { prefixes: ['45.96.2.0/25'] });
  const before = await freeBlocks(database, pool.id);
  const parts = [{ name: unique('part'), prefixes: ['45.96.2.0/23'] }, { name: unique('six'), prefixes: ['2a0e:b100:80::/41'], labels: { c: 'd' } }];

  const plan = await split(pool.id, { parts }, '?dryRun=true');
  expect(plan.moved).toEqual({ allocations: 1, pools: 1 });
  expect(await freeBlocks(database, pool.id)).toEqual(before);

  const { pool: left, created, moved } = await split(pool.id, { parts });
  expect(moved).toEqual({ allocations: 1, pools: 1 });
  expect(left).toMatchObject({ id: pool.id, prefixes: ['45.96.0.0/23', '2a0e:b100::/41'] });
  expect(created).toMatchObject([
    { parentId: top.id, name: parts[0]?.name, prefixes: ['45.96.2.0/23'], labels: { a: 'b' }, policy: pool.policy },
    { parentId: top.id, prefixes: ['2a0e:b100:80::/41'], labels: { c: 'd' } },
  ]);
  expect([await poolOf(stays.id), await poolOf(goes.id), (await api.expect(200, 'GET', `/v1/pools/${child.id}`)).parentId]).toEqual([pool.id, created[0]?.id, created[0]?.id]);
  expect(await freeBlocks(database, created[0]?.id ?? '')).toEqual(['45.96.2.128/25', '45.96.3.128/25']);
  const audit = await api.expect(200, 'GET', `/v1/audit?resourceId=${goes.id}&operation=splitPool`);
  expect(audit.items).toMatchObject([{ before: { poolId: pool.id }, after: { poolId: created[0]?.id } }]);

  const merged = await merge(pool.id, created.map((one) => one.id));
  expect(merged).toMatchObject({ merged: created.map((one) => one.id).toSorted(), moved: { allocations: 1, pools: 1 }, pool: { id: pool.id, name: pool.name, prefixes: pool.prefixes } });
  expect(await freeBlocks(database, pool.id)).toEqual(before);
  for (const one of created) await api.problem('pool-not-found', 'GET', `/v1/pools/${one.id}`);
  await api.expect(200, 'DELETE', `/v1/allocations/${goes.id}`);
});

test('a root splits into prefixes of one length, and the roots are as good as any', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22']);
  const { id } = await allocate(api, root.id, { prefix: '45.96.3.0/26' });
  const { pool, created } = await split(root.id, { prefixLength: 24 });
  expect([pool, ...created].map((one) => [one.name, one.parentId, one.prefixes])).toEqual([
    [root.name, null, ['45.96.0.0/24']],
    [`${root.name} 45.96.1.0/24`, null, ['45.96.1.0/24']],
    [`${root.name} 45.96.2.0/24`, null, ['45.96.2.0/24']],
    [`${root.name} 45.96.3.0/24`, null, ['45.96.3.0/24']],
  ]);
  expect(await poolOf(id)).toBe(created[2]?.id);
  await api.expect(204, 'DELETE', `/v1/pools/${created[0]?.id}`);
  // Out of order, and with a gap: what completes each other joins, the rest stays apart.
  expect((await merge(created[2]?.id ?? '', [root.id, created[1]?.id ?? ''])).pool.prefixes).toEqual(['45.96.0.0/24', '45.96.2.0/23']);
  expect(await freeBlocks(database, created[2]?.id ?? '')).toEqual(['45.96.0.0/24', '45.96.2.0/24', '45.96.3.64/26', '45.96.3.128/25']);
  await api.problem('length-not-allowed', 'POST', `/v1/pools/${created[2]?.id}/split`, { body: { prefixLength: 23 } });
  await api.problem('length-not-allowed', 'POST', `/v1/pools/${created[2]?.id}/split`, { body: { prefixLength: 32 } });
});

test('a length that one of the families does not have is what is wrong, split or carved', async () => {
  const { api } = controller;
  const dual = await newRoot(api, ['2a0e:b100::/32', '45.96.0.0/26']);
  for (const prefixLength of [33, 40]) {
    const problem = await api.problem('length-not-allowed', 'POST', `/v1/pools/${dual.id}/split`, { body: { prefixLength } });
    expect(problem).toMatchObject({ detail: `45.96.0.0/26 cannot be cut into /${prefixLength}, which is no length of ipv4: name the parts instead`, prefix: '45.96.0.0/26', allowed: ['/0 to /32'] });
    const carve = [{ family: 'ipv6', prefixLength }, { family: 'ipv4', prefixLength }];
    const body = { parentId: dual.id, name: unique('carved'), carve };
    expect(await api.problem('length-not-allowed', 'POST', '/v1/pools', { body })).toMatchObject({ detail: `/${prefixLength} is no length of ipv4`, allowed: ['/0 to /32'] });
  }
  expect(await split(dual.id, { parts: [{ name: unique('six'), prefixes: ['2a0e:b100::/40'] }] })).toMatchObject({ pool: { id: dual.id }, created: [{ prefixes: ['2a0e:b100::/40'] }] });
});

test('no cut goes through an allocation, a child, or the prefixes of one', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22', '45.96.8.0/22']);
  const across = await allocate(api, root.id, { prefix: '45.96.0.0/23' });
  const child = await newChild(api, root.id, { prefixes: ['45.96.2.0/25', '45.96.8.0/25'] });
  const before = await freeBlocks(database, root.id);
  const cut = async (...prefixes: string[]): Promise<string[]> => (await api.problem('pool-in-use', 'POST', `/v1/pools/${root.id}/split`, { body: { parts: [{ name: unique('part'), prefixes }] } })).conflicts;
  expect(await cut('45.96.0.0/24')).toEqual([across.prefix]);
  expect(await cut('45.96.2.0/26')).toEqual(['45.96.2.0/25']);
  expect(await cut('45.96.8.0/22')).toEqual([child.id]);
  const parts = (...prefixes: string[]): object => ({ body: { parts: [{ name: unique('part'), prefixes }] } });
  await api.problem('prefix-outside-pool', 'POST', `/v1/pools/${root.id}/split`, parts('45.96.4.0/24'));
  await api.problem('prefix-overlap', 'POST', `/v1/pools/${root.id}/split`, parts('45.96.3.0/24', '45.96.3.0/25'));
  await api.problem('invalid-prefix', 'POST', `/v1/pools/${root.id}/split`, parts('45.96.3.1/24'));
  await api.problem('pool-unsuitable', 'POST', `/v1/pools/${root.id}/split`, parts('45.96.0.0/22', '45.96.8.0/22'));
  await api.problem('name-taken', 'POST', `/v1/pools/${root.id}/split`, { body: { parts: [{ name: root.name, prefixes: ['45.96.3.0/24'] }] } });
  await api.problem('precondition-failed', 'POST', `/v1/pools/${root.id}/split`, { ...parts('45.96.3.0/24'), headers: { 'if-match': '"77"' } });
  expect(await freeBlocks(database, root.id)).toEqual(before);
});

test('only siblings merge; supply contracts and quarantines follow', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22']);
  const one = await newChild(api, root.id, { prefixes: ['45.96.0.0/24'], policy: { quarantineSeconds: 2 } });
  const other = await newChild(api, root.id, { prefixes: ['45.96.1.0/24'], policy: { quarantineSeconds: 2 } });
  const grandchild = await newChild(api, other.id, { prefixes: ['45.96.1.0/25'] });
  const domain = { name: 'residential', poolId: other.id, family: 'ipv4', prefixLength: 28, holder: 'retail', service: 'internet' };
  const empty = await newChild(api, other.id, { prefixes: ['45.96.1.192/26'] });
  const whole = await allocate(api, empty.id, { prefixLength: 26 });
  expect((await api.expect(200, 'POST', `/v1/allocations/${whole.id}/move`, { body: { poolId: other.id } })).poolId).toBe(other.id);
  await api.expect(200, 'DELETE', `/v1/allocations/${whole.id}`);
  const device = await newDevice(api, root.spaceId, { domains: [domain, { ...domain, name: 'second', poolId: root.id }] });
  for (const poolId of [one.id, root.id, grandchild.id]) await api.problem('pool-unsuitable', 'POST', `/v1/pools/${one.id}/merge`, { body: { poolIds: [poolId] } });
  const resting = await allocate(api, other.id, { prefix: '45.96.1.128/26' });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  await merge(one.id, [other.id]);
  const { domains } = await api.expect(200, 'GET', `/v1/devices/${device.id}`);
  expect(domains).toEqual([{ ...domain, poolId: one.id }, { ...domain, name: 'second', poolId: root.id }]);
  expect((await api.expect(200, 'GET', `/v1/pools/${one.id}`)).prefixes).toEqual(['45.96.0.0/23']);
  for (const { id } of [grandchild, empty]) {
    expect((await api.expect(200, 'GET', `/v1/pools/${id}`)).parentId).toBe(one.id);
    expect(await told(id)).toMatchObject([{ resourceType: 'pool', before: { parentId: other.id }, after: { parentId: one.id } }]);
  }
  expect(await told(device.id)).toMatchObject([{ resourceType: 'device', before: { domains: [domain, {}] }, after: { domains } }]);
  await eventually(async () => expect(await freeBlocks(database, one.id)).toEqual(['45.96.0.0/24', '45.96.1.128/25']), 8_000);
});

test('who waits for a pool that is merged away waits for the whole, and gets what the other has', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22']);
  const [one, other] = [await newChild(api, root.id, { prefixes: ['45.96.0.0/24'] }), await newChild(api, root.id, { prefixes: ['45.96.1.0/24'] })];
  const full = await allocate(api, other.id, { prefixLength: 24 });
  const waiting = await api.post('/v1/allocations', { poolId: other.id, prefixLength: 25, holder: 'x', service: 'y', wait: { seconds: 60 } });
  expect(waiting.status).toBe(202);
  const { id } = await api.expect(202, 'POST', '/v1/allocations', { body: { poolSelector: { poolIds: [other.id, one.id] }, prefixLength: 23, holder: 'x', service: 'y', wait: { seconds: 60 } } });
  await merge(one.id, [other.id]);
  expect(await told(waiting.body.id)).toMatchObject([{ resourceType: 'waiting-request', before: { poolIds: [other.id] }, after: { poolIds: [one.id] } }]);
  expect(await told(id)).toMatchObject([{ before: { poolIds: [other.id, one.id] }, after: { poolIds: [one.id] } }]);
  await eventually(async () => expect(await database.query('select prefix::text from allocations where pool_id = $1 and id <> $2', [one.id, full.id])).toEqual([{ prefix: '45.96.0.0/25' }]));
});

test('while pools merge, allocating and releasing goes on, and nothing is lost or had twice', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/20']);
  const pools = await Promise.all([0, 1, 2, 3].map((at) => newChild(api, root.id, { prefixes: [`45.96.${at * 2}.0/23`] })));
  const [target, ...others] = pools.map((pool) => pool.id);
  const had = await Promise.all(Array.from({ length: 24 }, (_, at) => allocate(api, pools[at % 4]?.id ?? '', { prefixLength: 28 })));
  const work = [
    ...others.map((id) => api.post(`/v1/pools/${target}/merge`, { poolIds: [id] })),
    ...had.slice(0, 12).map(({ id }) => api.delete(`/v1/allocations/${id}`)),
    ...Array.from({ length: 16 }, (_, at) => api.post('/v1/allocations', { poolId: pools[at % 4]?.id, prefixLength: 28, holder: 'x', service: 'y' })),
  ];
  const answers = await Promise.all(work);
  // A pool that is gone by then is not found; everything else is done.
  expect(answers.filter((answer) => answer.status >= 400).every((answer) => answer.body.code === 'pool-not-found')).toBe(true);
  const made = answers.slice(-16).filter((answer) => answer.status === 201).length;
  expect(await database.query(`select count(*)::int as count from allocations where pool_id = $1`, [target])).toEqual([{ count: 12 + made }]);
  expect((await api.expect(200, 'GET', `/v1/pools/${target}`)).prefixes).toEqual(['45.96.0.0/21']);
});
