/** Shortage: who waits is served when space returns, in the order of the queue, and whoever comes later does not pass. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components } from '../../src/contract/northbound.generated.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newChild, newDevice, newRoot, nowhere, sleep, unique, withConnection, type Allocation } from './plan.js';

type Waiting = components['schemas']['WaitingRequest'];

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

async function wait(poolId: string, more: object = {}, seconds = 600, token?: string): Promise<Waiting> {
  const answer = await controller.api.post('/v1/allocations', allocationOf(poolId, { wait: { seconds }, ...more }), token === undefined ? {} : { token });
  expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  expect(answer.headers.get('location')).toBe(`/v1/waiting-requests/${answer.body.id}`);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  return answer.body;
}

const look = (waiting: Waiting): Promise<Waiting> => controller.api.expect(200, 'GET', `/v1/waiting-requests/${waiting.id}`);
const release = (allocation: Pick<Allocation, 'id'>): Promise<Allocation> => controller.api.expect(200, 'DELETE', `/v1/allocations/${allocation.id}`);
const reached = (waiting: Waiting, state: Waiting['state']): Promise<Waiting> =>
  eventually(async () => {
    const now = await look(waiting);
    expect(now.state).toBe(state);
    return now;
  });

test('what can be had is 201 as always; what cannot waits with its place, and comes when space returns', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const taken = await api.expect(201, 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 30, wait: { seconds: 60 } }) });
  const first = await wait(root.id, { prefixLength: 31, holder: 'first', labels: { line: '7' } });
  const second = await wait(root.id, { prefixLength: 32 });
  expect([first.position, second.position, first.state, first.priority]).toEqual([1, 2, 'waiting', 4]);
  expect((await api.get(`/v1/waiting-requests?poolId=${root.id}&state=waiting`)).body.items.map((one: Waiting) => one.id)).toEqual([first.id, second.id]);
  expect((await api.get(`/v1/waiting-requests?poolId=${root.id}&holder=first`)).body.items).toHaveLength(1);
  await release(taken);
  const served = await reached(first, 'served');
  expect(served).toMatchObject({ position: null, reason: null, endedAt: expect.any(String) });
  const allocation = await api.expect(200, 'GET', `/v1/allocations/${served.allocationId}`);
  expect(allocation).toMatchObject({ holder: 'first', prefix: '45.96.0.0/31', labels: { line: '7' }, request: { wait: { seconds: 600 } } });
  await reached(second, 'served');
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.3/32']);
  const entries = (await api.get(`/v1/audit?resourceId=${allocation.id}`)).body.items;
  expect(entries).toMatchObject([{ operation: 'allocatePrefix', actor: { name: expect.not.stringContaining('controller') } }]);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('who waits for several pools waits on when one of them is deleted, and the audit says for which', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const [goes, stays] = [await newChild(api, root.id, { prefixes: ['45.96.0.0/28'] }), await newChild(api, root.id, { prefixes: ['45.96.0.16/28'] })];
  const { body: waiting } = await api.post('/v1/allocations', { poolSelector: { poolIds: [goes.id, stays.id] }, prefixLength: 27, holder: 'h', service: 's', wait: { seconds: 60 } });
  await api.expect(204, 'DELETE', `/v1/pools/${goes.id}`);
  expect(await look(waiting)).toMatchObject({ state: 'waiting', poolIds: [stays.id] });
  const entries = (await api.get(`/v1/audit?resourceId=${waiting.id}&operation=deletePool`)).body.items;
  expect(entries).toMatchObject([{ resourceType: 'waiting-request', before: { poolIds: [goes.id, stays.id] }, after: { state: 'waiting', poolIds: [stays.id] } }]);
});

test('trap: 409 pool-exhausted is not the answer to who would wait, and waiting in vain is refused at once', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  await allocate(api, root.id, { prefixLength: 30 });
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
  await wait(root.id, { prefixLength: 32 });
  const problem = await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 29, wait: { seconds: 60 } }) });
  expect(problem.detail).toMatch(/in vain/);
  await api.problem('length-not-allowed', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 64, wait: { seconds: 60 } }) });
  await api.problem('pool-not-found', 'POST', '/v1/allocations', { body: allocationOf(nowhere, { prefixLength: 32, wait: { seconds: 60 } }) });
  await api.problem('invalid-request', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32, wait: { seconds: 86_401 } }) });
});

test('priority, then age', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const held = [];
  for (let at = 0; at < 4; at += 1) held.push(await allocate(api, root.id, { prefixLength: 32 }));
  const calm = await wait(root.id, { prefixLength: 32, wait: { seconds: 600, priority: 1 } });
  const usual = await wait(root.id, { prefixLength: 32 });
  const next = await wait(root.id, { prefixLength: 32 });
  const urgent = await wait(root.id, { prefixLength: 32, wait: { seconds: 600, priority: 9 } });
  expect(await Promise.all([urgent, usual, next, calm].map(async (one) => (await look(one)).position))).toEqual([1, 2, 3, 4]);
  for (const [at, one] of [urgent, usual, next, calm].entries()) {
    await release(held[at] as Allocation);
    await reached(one, 'served');
    expect(await Promise.all([urgent, usual, next, calm].slice(at + 1).map(async (later) => (await look(later)).state))).toEqual(Array(3 - at).fill('waiting'));
  }
});

test('the first keeps the block it is nearest to: a smaller one passes it elsewhere, and only there', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/29']);
  const [a, b, c, d] = [await allocate(api, root.id, { prefix: '45.96.0.0/31' }), await allocate(api, root.id, { prefix: '45.96.0.4/31' }), await allocate(api, root.id, { prefix: '45.96.0.6/31' }), await allocate(api, root.id, { prefix: '45.96.0.2/32' })];
  // 45.96.0.3/32 is free, and with it the larger half of what is free lies in the first /30.
  const large = await wait(root.id, { prefixLength: 30 });
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
  await api.problem('prefix-not-free', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefix: '45.96.0.3/32' }) });
  const small = await wait(root.id, { prefixLength: 32 });
  const urgent = await api.expect(201, 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32, wait: { seconds: 60, priority: 5 } }) });
  expect(urgent.prefix).toBe('45.96.0.3/32');
  await release(b);
  expect((await reached(small, 'served')).allocationId).toBeTruthy();
  expect((await look(large)).state).toBe('waiting');
  for (const one of [a, d, urgent]) await release(one);
  const served = await reached(large, 'served');
  expect((await api.get(`/v1/allocations/${served.allocationId}`)).body.prefix).toBe('45.96.0.0/30');
  await release(c);
});

test('an exact prefix does not pass those who stand before it', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/29']);
  await allocate(api, root.id, { prefix: '45.96.0.0/30' });
  await allocate(api, root.id, { prefix: '45.96.0.4/31' });
  const last = await allocate(api, root.id, { prefix: '45.96.0.6/31' });
  await wait(root.id, { prefix: '45.96.0.0/30' });
  const [any, exact] = [await wait(root.id, { prefixLength: 31 }), await wait(root.id, { prefix: '45.96.0.6/31' })];
  await release(last);
  await reached(any, 'served');
  expect((await look(exact)).state).toBe('waiting');
});

test('who comes to be the first keeps its block from that moment, in the same turn; who comes before it takes its place', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/29']);
  const taken: Allocation[] = [];
  for (const prefix of ['45.96.0.0/32', '45.96.0.1/32', '45.96.0.2/31', '45.96.0.4/30']) taken.push(await allocate(api, root.id, { prefix }));
  const [first, large, small] = [await wait(root.id, { prefixLength: 32 }), await wait(root.id, { prefixLength: 30 }), await wait(root.id, { prefixLength: 32 })];
  const items = taken.slice(0, 2).map(({ id }) => ({ operation: 'releaseAllocation', path: { allocationId: id } }));
  await api.expect(200, 'POST', '/v1/batches', { body: { mode: 'atomic', items } });
  await reached(first, 'served');
  // 45.96.0.1/32 is free, in the block that the large one is nearest to.
  expect([(await look(large)).state, (await look(small)).state]).toEqual(['waiting', 'waiting']);
  await wait(root.id, { prefix: '45.96.0.4/30', wait: { seconds: 600, priority: 9 } });
  const { allocationId } = await reached(small, 'served');
  expect((await api.get(`/v1/allocations/${allocationId}`)).body.prefix).toBe('45.96.0.1/32');
  expect((await look(large)).position).toBe(2);
});

test('a later arrival does not overtake: space has returned, nobody has looked at the queue yet, and somebody asks', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const taken = await allocate(api, root.id, { prefixLength: 30 });
  const first = await wait(root.id, { prefixLength: 32 });
  const answer = await withConnection(database, async (other) => {
    // Whoever would run the queue's job waits for the waiting request; whoever asks comes to the pool before.
    await other.query('begin');
    await other.query('select from waiting_requests where id = $1 for update', [first.id]);
    await release(taken);
    const asked = api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 31, wait: { seconds: 60, priority: 9 } }));
    await sleep(300);
    await other.query('rollback');
    return asked;
  });
  const served = await reached(first, 'served');
  expect((await api.get(`/v1/allocations/${served.allocationId}`)).body.prefix).toBe('45.96.0.0/32');
  expect(answer.body.prefix).toBe('45.96.0.2/31');
});

test('16 clients wait, 16 releases at once wake them: each is served exactly once', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const held = await Promise.all(Array.from({ length: 16 }, () => allocate(api, root.id, { prefixLength: 32 })));
  const waiting = await Promise.all(Array.from({ length: 16 }, () => wait(root.id, { prefixLength: 32 })));
  expect((await Promise.all(waiting.map(look))).map((one) => one.position).toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 16 }, (_, at) => at + 1));
  await Promise.all(held.map(release));
  const served = await Promise.all(waiting.map((one) => reached(one, 'served')));
  expect(new Set(served.map((one) => one.allocationId)).size).toBe(16);
  expect(await freeBlocks(database, root.id)).toEqual([]);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('cancelled: it is passed by; again is no error; what was kept for it is free for the next', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const half = await allocate(api, root.id, { prefixLength: 31 });
  const large = await wait(root.id, { prefixLength: 30 });
  const small = await wait(root.id, { prefixLength: 31 });
  expect(await api.expect(200, 'DELETE', `/v1/waiting-requests/${large.id}?dryRun=true`)).toMatchObject({ state: 'cancelled' });
  expect((await look(large)).state).toBe('waiting');
  expect(await api.expect(200, 'DELETE', `/v1/waiting-requests/${large.id}`)).toMatchObject({ state: 'cancelled', position: null, reason: expect.stringContaining('cancelled by') });
  await api.expect(200, 'DELETE', `/v1/waiting-requests/${large.id}`);
  await reached(small, 'served');
  await api.problem('state-conflict', 'DELETE', `/v1/waiting-requests/${small.id}`);
  await release(half);
  expect((await look(large)).allocationId).toBeNull();
});

test('expired: its time is over before space returns', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/32']);
  const taken = await allocate(api, root.id, { prefixLength: 32 });
  const brief = await wait(root.id, { prefixLength: 32 }, 1);
  const patient = await wait(root.id, { prefixLength: 32 });
  await reached(brief, 'expired');
  expect((await look(patient)).position).toBe(1);
  await release(taken);
  await reached(patient, 'served');
});

test('what has become impossible is cancelled with its reason: a device that is gone, a pool that is deleted', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/31']);
  const taken = [await allocate(api, root.id, { prefixLength: 32 }), await allocate(api, root.id, { prefixLength: 32 })];
  const device = await newDevice(api, root.spaceId);
  const lost = await wait(root.id, { prefixLength: 32, deviceId: device.id });
  await api.expect(204, 'DELETE', `/v1/devices/${device.id}`);
  await release(taken[0] as Allocation);
  expect((await reached(lost, 'cancelled')).reason).toContain(device.id);
  await release(taken[1] as Allocation);
  const child = await newChild(api, root.id, { prefixes: ['45.96.0.0/31'] });
  const alone = await wait(root.id, { prefixLength: 32 });
  const onChild = await allocate(api, child.id, { prefixLength: 31 });
  const forChild = await wait(child.id, { prefixLength: 31 });
  await api.expect(200, 'DELETE', `/v1/waiting-requests/${forChild.id}`);
  await release(onChild);
  await api.expect(204, 'DELETE', `/v1/pools/${child.id}`);
  await reached(alone, 'served');
  const last = await wait(root.id, { prefixLength: 31 });
  await release({ id: (await look(alone)).allocationId ?? '' });
  await reached(last, 'served');
});

test('nothing is done in the name of a token that has ended: deleted, its requests go with it; expired, at the turn that would serve them', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  const taken = await allocate(api, root.id, { prefixLength: 30 });
  const newToken = (more: object = {}): Promise<{ id: string; token: string }> => api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('token'), role: 'operator', ...more } });
  const [deleted, expiring, gone] = [await newToken(), await newToken({ expiresAt: new Date(Date.now() + 60_000).toISOString() }), await newToken()];
  const first = await wait(root.id, { prefixLength: 30 }, 600, deleted.token);
  const others = [await wait(root.id, { prefixLength: 32 }, 600, expiring.token), await wait(root.id, { prefixLength: 32 }, 600, gone.token)];
  const last = await wait(root.id, { prefixLength: 30 });
  await api.expect(204, 'DELETE', `/v1/tokens/${deleted.id}?dryRun=true`);
  expect((await look(first)).state).toBe('waiting');
  await api.expect(204, 'DELETE', `/v1/tokens/${deleted.id}`);
  expect(await look(first)).toMatchObject({ state: 'cancelled', reason: 'the token it was asked with was deleted', allocationId: null });
  expect((await api.get(`/v1/audit?resourceId=${first.id}`)).body.items).toMatchObject([{ operation: 'deleteToken' }, { operation: 'allocatePrefix' }]);
  // As if its time had come, and as if the other had been deleted while its request came in.
  await database.query('update tokens set expires_at = now() where id = $1', [expiring.id]);
  await database.query('delete from tokens where id = $1', [gone.id]);
  await release(taken);
  for (const one of others) expect(await reached(one, 'cancelled')).toMatchObject({ reason: 'the token it was asked with has ended', allocationId: null });
  await reached(last, 'served');
});

test('a pool that grows serves its queue; so does a selector, from whichever pool is first to have space', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/32'], { labels: { site: unique('site') } });
  const more = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId: root.spaceId, name: unique('root'), prefixes: ['45.97.0.0/32'], labels: root.labels } });
  const [, theirs] = [await allocate(api, root.id, { prefixLength: 32 }), await allocate(api, more.id, { prefixLength: 32 })];
  const { poolId: _, ...any } = allocationOf('', { poolSelector: { labels: root.labels }, family: 'ipv4', prefixLength: 32, wait: { seconds: 60 } });
  const answer = await api.post('/v1/allocations', any);
  expect(answer.body).toMatchObject({ state: 'waiting', poolIds: expect.arrayContaining([root.id, more.id]) });
  await release(theirs);
  const served = await reached(answer.body, 'served');
  expect((await api.get(`/v1/allocations/${served.allocationId}`)).body.prefix).toBe('45.97.0.0/32');
  const waiting = await wait(root.id, { family: 'ipv4', prefixLength: 32 });
  await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.96.0.0/32', '45.98.0.0/32'] } });
  expect((await reached(waiting, 'served')).position).toBeNull();
});

test('a key replays the 202, also when the request has been served since; a dry run waits for nothing', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/32']);
  const taken = await allocate(api, root.id, { prefixLength: 32 });
  const body = allocationOf(root.id, { prefixLength: 32, wait: { seconds: 60 } });
  expect((await api.post('/v1/allocations?dryRun=true', body)).status).toBe(202);
  expect((await api.get(`/v1/waiting-requests?poolId=${root.id}`)).body.items).toEqual([]);
  const headers = { 'idempotency-key': unique('key') };
  const first = await api.post('/v1/allocations', body, { headers });
  const again = await api.post('/v1/allocations', body, { headers });
  expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true']);
  expect(again.body).toEqual(first.body);
  await release(taken);
  await reached(first.body, 'served');
  const late = await api.post('/v1/allocations', body, { headers });
  expect([late.status, late.body]).toEqual([202, first.body]);
  expect((await api.get(`/v1/waiting-requests?poolId=${root.id}`)).body.items).toHaveLength(1);
});

test('a quota bounds those who wait as well: they stay, and go on when it is lifted', async () => {
  const { api } = controller;
  const holder = unique('holder');
  const root = await newRoot(api, ['45.96.0.0/31']);
  const quota = await api.expect(201, 'POST', '/v1/quotas', { body: { holder, ipv4Addresses: '1' } });
  const theirs = await allocate(api, root.id, { prefixLength: 31 });
  const waiting = [await wait(root.id, { holder, prefixLength: 32 }), await wait(root.id, { holder, prefixLength: 32 })] as const;
  await release(theirs);
  await reached(waiting[0], 'served');
  expect((await look(waiting[1])).state).toBe('waiting');
  await api.expect(200, 'PATCH', `/v1/quotas/${quota.id}`, { body: { ipv4Addresses: '2' } });
  await reached(waiting[1], 'served');
});
