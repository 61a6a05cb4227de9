/** Holds: what is shown is kept, for the caller who asked, until it is taken, let go of or over. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newDevice, newRoot, overlaps, unique, type Allocation, type AuditEntry, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

interface Hold {
  readonly id: string;
  readonly prefix: string;
  readonly expiresAt: string;
  readonly createdAt: string;
}

const hold = (pool: Pool, more: object = {}): Promise<Hold> => controller.api.expect(201, 'POST', '/v1/holds', { body: { poolId: pool.id, holder: 'retail', ...more } });
const taking = (one: Hold, more: object = {}): { body: object } => ({ body: { holdId: one.id, holder: 'retail', service: 'internet', ...more } });
const held = async (pool: Pool): Promise<string> => (await controller.api.expect(200, 'GET', `/v1/pools/${pool.id}/usage`)).families[0].held;
const clean = async (): Promise<void> => expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);

test('what was previewed can be had', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const kept = await hold(root, { prefixLength: 30, placement: 'last' });
  expect(kept).toMatchObject({ prefix: '45.96.0.12/30', poolId: root.id, spaceId: root.spaceId, family: 'ipv4', holder: 'retail' });
  expect(Date.parse(kept.expiresAt) - Date.parse(kept.createdAt)).toBe(300_000);
  // Everybody else at once takes all that there is, and asks for exactly this as well.
  const rush = await Promise.all(Array.from({ length: 20 }, (_, at) => api.post('/v1/allocations', { poolId: root.id, holder: 'rush', service: 'internet', ...(at % 5 === 0 ? { prefix: kept.prefix } : { prefixLength: 31 }) })));
  expect(rush.filter((answer) => answer.status === 201)).toHaveLength(6);
  expect(new Set(rush.filter((answer) => answer.status !== 201).map((answer) => answer.body.code))).toEqual(new Set(['prefix-not-free', 'pool-exhausted']));
  const allocation: Allocation = await api.expect(201, 'POST', '/v1/allocations', taking(kept, { labels: { from: 'preview' } }));
  expect(allocation).toMatchObject({ id: kept.id, prefix: kept.prefix, state: 'active', service: 'internet', labels: { from: 'preview' }, request: { holdId: kept.id } });
  await api.problem('hold-not-found', 'POST', '/v1/allocations', taking(kept));
  await api.problem('hold-not-found', 'GET', `/v1/holds/${kept.id}`);
  expect(await overlaps(database)).toEqual([]);
  await clean();
});

test('a hold is no allocation, and counts as held', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const kept = await hold(root, { prefix: '45.96.0.64/26', seconds: 60 });
  expect(await held(root)).toBe('64');
  expect(await api.expect(200, 'GET', `/v1/holds/${kept.id}`)).toEqual(kept);
  expect((await api.expect(200, 'GET', `/v1/holds?poolId=${root.id}&holder=retail`)).items).toEqual([kept]);
  expect((await api.expect(200, 'GET', `/v1/holds?poolId=${root.id}&holder=other`)).items).toEqual([]);
  await api.problem('allocation-not-found', 'GET', `/v1/allocations/${kept.id}`);
  await api.problem('allocation-not-found', 'DELETE', `/v1/allocations/${kept.id}`);
  expect((await api.expect(200, 'GET', `/v1/allocations?poolId=${root.id}`)).items).toEqual([]);
  expect((await api.expect(200, 'GET', `/v1/allocations?poolId=${root.id}&state=reserved`)).items).toEqual([]);
  await api.problem('pool-in-use', 'DELETE', `/v1/pools/${root.id}`);
  await clean();
});

test('only the caller and the holder it was made for can take it; a refusal leaves it as it is', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['10.0.0.0/24'], { policy: { allowSpecialPurpose: true } });
  await newDevice(api, root.spaceId, { name: unique('ca'), kind: 'rpki', adapter: 'rpki' });
  const kept = await hold(root, { prefixLength: 26 });
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('other'), role: 'operator' } });
  await api.as(token).problem('forbidden', 'POST', '/v1/allocations', taking(kept));
  await api.problem('invalid-request', 'POST', '/v1/allocations', taking(kept, { holder: 'somebody' }));
  await api.problem('invalid-request', 'POST', '/v1/allocations', taking(kept, { prefixLength: 26 }));
  await api.problem('invalid-request', 'POST', '/v1/allocations', taking(kept, { poolId: root.id }));
  await api.problem('device-not-found', 'POST', '/v1/allocations', taking(kept, { deviceId: root.id }));
  await api.problem('certification-refused', 'POST', '/v1/allocations', taking(kept, { certify: true }));
  expect((await api.post('/v1/allocations?dryRun=true', taking(kept).body)).body.prefix).toBe(kept.prefix);
  expect(await api.expect(200, 'GET', `/v1/holds/${kept.id}`)).toEqual(kept);
  const device = await newDevice(api, root.spaceId);
  const allocation = await api.expect(201, 'POST', '/v1/allocations', taking(kept, { deviceId: device.id }));
  expect(allocation).toMatchObject({ prefix: kept.prefix, state: 'provisioning', waitingFor: ['device'] });
  await clean();
});

test('one that is let go of, or over, is free at once, whatever the quarantine of the pool', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  const [gone, brief, long] = [await hold(root, { prefixLength: 26 }), await hold(root, { prefixLength: 26, seconds: 3 }), await hold(root, { prefixLength: 26, seconds: 3600 })];
  expect((await api.delete(`/v1/holds/${gone.id}?dryRun=true`)).status).toBe(204);
  expect((await api.delete(`/v1/holds/${gone.id}`)).status).toBe(204);
  await api.problem('hold-not-found', 'DELETE', `/v1/holds/${gone.id}`);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/26', '45.96.0.192/26']);
  await eventually(async () => expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/25', '45.96.0.192/26']));
  await api.problem('hold-not-found', 'POST', '/v1/allocations', taking(brief));
  await database.query('update allocations set valid_until = now() where id = $1', [long.id]);
  await api.problem('hold-expired', 'POST', '/v1/allocations', taking(long));
  await clean();
});

test('taking races with the end: either it is an allocation, or it is free, and never both', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const kept = await Promise.all(Array.from({ length: 24 }, () => hold(root, { prefixLength: 29 })));
  const answers = await Promise.all(kept.map(async (one) => Promise.all([api.post('/v1/allocations', taking(one).body), api.post('/v1/allocations', taking(one).body), api.delete(`/v1/holds/${one.id}`)])));
  for (const [first, second, third] of answers) {
    const won = [first.status === 201, second.status === 201, third.status === 204];
    expect(won.filter(Boolean), JSON.stringify([first.body, second.body, third.body])).toHaveLength(1);
    for (const lost of [first, second, third].filter((answer) => answer.status >= 300)) expect(lost.body.code).toBe('hold-not-found');
  }
  expect(await overlaps(database)).toEqual([]);
  expect(await held(root)).toBe('0');
  await clean();
});

test('the audit says what was held, and what became of it', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const kept = await hold(root, { prefixLength: 26 });
  const allocation = await api.expect(201, 'POST', '/v1/allocations', taking(kept));
  const entries: AuditEntry[] = (await api.expect(200, 'GET', `/v1/audit?resourceId=${kept.id}`)).items;
  expect(new Set(entries.map((entry) => `${entry.operation} ${entry.resourceType} ${entry.before === null ? 'made' : 'ended'}`))).toEqual(
    new Set(['createHold hold made', 'allocatePrefix hold ended', 'allocatePrefix allocation made']),
  );
  expect(entries.find((entry) => entry.resourceType === 'allocation')?.after).toMatchObject({ prefix: allocation.prefix });
});

test('a hold goes with its pool when that is split or merged, which is told as of a hold', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const kept = await hold(root, { prefix: '45.96.0.192/26' });
  const { created: [part], moved } = await api.expect(200, 'POST', `/v1/pools/${root.id}/split`, { body: { parts: [{ name: unique('part'), prefixes: ['45.96.0.128/25'] }] } });
  expect(moved).toEqual({ allocations: 0, pools: 0 });
  expect((await api.expect(200, 'POST', `/v1/pools/${root.id}/merge`, { body: { poolIds: [part.id] } })).moved).toEqual({ allocations: 0, pools: 0 });
  expect(await api.expect(200, 'GET', `/v1/holds/${kept.id}`)).toEqual(kept);
  const entries: AuditEntry[] = (await api.expect(200, 'GET', `/v1/audit?resourceId=${kept.id}`)).items;
  const there = { ...kept, poolId: part.id };
  expect(entries.map(({ operation, resourceType, before, after }) => ({ operation, resourceType, before, after }))).toEqual([
    { operation: 'mergePools', resourceType: 'hold', before: there, after: kept },
    { operation: 'splitPool', resourceType: 'hold', before: kept, after: there },
    { operation: 'createHold', resourceType: 'hold', before: null, after: kept },
  ]);
});

test('a hold looks through pools as a request does, and is repeated by its key', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [full, roomy] = await Promise.all([1, 2].map(async () => api.expect(201, 'POST', '/v1/pools', { body: { parentId: root.id, name: unique('child'), carve: [{ family: 'ipv4', prefixLength: 28 }] } })));
  await allocate(api, full.id, { prefixLength: 28 });
  const body = { poolSelector: { poolIds: [full.id, roomy.id] }, prefixLength: 30, holder: 'retail', disallowedPrefixes: [roomy.prefixes[0].replace('/28', '/30')] };
  const headers = { 'idempotency-key': unique('key') };
  const [first, again] = [await api.post('/v1/holds', body, { headers }), await api.post('/v1/holds', body, { headers })];
  expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true']);
  expect(again.body).toEqual(first.body);
  expect(first.body.poolId).toBe(roomy.id);
  expect(first.body.prefix).not.toBe(body.disallowedPrefixes[0]);
});
