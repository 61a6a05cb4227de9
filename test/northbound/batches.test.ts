/** Batches: many operations in one request, in order; all or none, or as many as can be. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allOperations, contractOperation, northbound } from '../../src/contract/contract.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newDevice, newRoot, nowhere, overlaps, unique, type Allocation, type Pool, type Problem } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

interface Result {
  readonly index: number;
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- the contract has checked the shape
  readonly body?: any;
  readonly problem?: Problem;
}
interface Batch {
  readonly id: string;
  readonly results: Result[];
}

const run = (mode: string, items: readonly object[], more: object = {}): Promise<Batch> => controller.api.expect(200, 'POST', '/v1/batches', { body: { mode, items, ...more } });
const take = (pool: Pool, more: object = {}): object => ({ operation: 'allocatePrefix', body: allocationOf(pool.id, more) });
const release = (allocationId: string, more: object = {}): object => ({ operation: 'releaseAllocation', path: { allocationId }, ...more });
const said = (batch: Batch): unknown[] => batch.results.map((one) => one.problem?.code ?? one.body?.prefix ?? one.status);
const clean = async (): Promise<void> => expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);

test('a batch does only what an operator may do one by one', () => {
  const listed = (northbound.document as unknown as { components: { schemas: { BatchOperation: { enum: string[] } } } }).components.schemas.BatchOperation.enum;
  expect(listed.map((id) => contractOperation(id).role)).toEqual(listed.map(() => 'operator'));
  expect(allOperations.filter((operation) => listed.includes(operation.id)).every((operation) => operation.method !== 'GET')).toBe(true);
});

test('atomic: mixed verbs in their order, under the caller’s name and ours', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const old = await allocate(api, root.id, { prefixLength: 25 });
  const batch = await run(
    'atomic',
    [
      release(old.id, { ifMatch: '"1"' }),
      { operation: 'createPool', body: { parentId: root.id, name: 'child', prefixes: ['45.96.0.0/26'] } },
      take(root, { prefixLength: 26 }),
      { operation: 'createHold', body: { poolId: root.id, prefixLength: 27, holder: 'retail' } },
      { operation: 'allocateSet', body: { items: [{ count: 2, request: allocationOf(root.id, { prefixLength: 29 }) }] } },
      { operation: 'updatePool', path: { poolId: root.id }, body: { labels: { touched: 'yes' } } },
    ],
    { clientTransactionId: 'order-4711' },
  );
  expect(batch).toMatchObject({ clientTransactionId: 'order-4711', mode: 'atomic', id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(batch.results.map((one) => [one.index, one.status])).toEqual([200, 201, 201, 201, 201, 200].map((status, index) => [index, status]));
  expect(said(batch).slice(2, 4)).toEqual(['45.96.0.64/26', '45.96.0.128/27']);
  expect(batch.results[0]?.body.state).toBe('free');
  expect(batch.results[4]?.body.items.map((one: Allocation) => one.prefix)).toEqual(['45.96.0.160/29', '45.96.0.168/29']);
  expect(batch.results[5]?.body.labels).toEqual({ touched: 'yes' });
  const second = await run('atomic', [
    { operation: 'deleteHold', path: { holdId: batch.results[3]?.body.id } },
    { operation: 'deletePool', path: { poolId: batch.results[1]?.body.id }, ifMatch: '*' },
  ]);
  expect(second.results.map((one) => [one.status, one.body])).toEqual([[204, null], [204, null]]);
  expect(second.id).not.toBe(batch.id);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/26', '45.96.0.128/27', '45.96.0.176/28', '45.96.0.192/26']);
  await clean();
});

test('atomic: the first that is refused undoes all, and is shown', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const old = await allocate(api, root.id, { prefixLength: 29 });
  const entries = async (): Promise<unknown> => database.query('select count(*) from audit');
  const before = await entries();
  const items = [release(old.id), take(root, { prefixLength: 30 }), take(root, { prefixLength: 30 }), take(root, { prefixLength: 29 }), take(root, { prefixLength: 29 }), take(root, { prefixLength: 30 })];
  const problem = await api.problem('batch-failed', 'POST', '/v1/batches', { body: { mode: 'atomic', items } });
  expect(problem).toMatchObject({ status: 409, index: 4, problem: { code: 'pool-exhausted', status: 409, free: expect.anything() } });
  const unread = await api.problem('batch-failed', 'POST', '/v1/batches', { body: { mode: 'atomic', items: [items[0], take(root, { prefixLength: 'long' })] } });
  expect(unread).toMatchObject({ index: 1, problem: { code: 'invalid-request', status: 400, errors: [{ pointer: '/prefixLength' }] } });
  const stale = await api.problem('batch-failed', 'POST', '/v1/batches', { body: { mode: 'atomic', items: [take(root), release(old.id, { ifMatch: '"9"' })] } });
  expect(stale.index).toBe(0);
  expect(await entries()).toEqual(before);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.8/29']);
  expect(await api.expect(200, 'GET', `/v1/allocations/${old.id}`)).toEqual(old);
});

test('best effort: each item has its own outcome, and what is refused leaves nothing behind', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const batch = await run('bestEffort', [
    take(root, { prefixLength: 30 }),
    take(root, { prefixLength: 28 }),
    take(root, { prefix: '45.96.0.8/29' }),
    take(root, { prefixLength: 30, deviceId: nowhere }),
    take(root, { prefixLength: 30, holder: '' }),
    take(root, { prefixLength: 30 }),
    take(root, { prefixLength: 32 }),
    { operation: 'createPool', body: { parentId: root.id, name: 'child', prefixes: ['45.96.0.0/30'] } },
    { operation: 'updatePool', path: { poolId: root.id }, body: { labels: { half: 'done' }, prefixes: ['45.99.0.0/28'] } },
    { operation: 'releaseAllocation', path: { allocationId: 'x' } },
    { operation: 'releaseAllocation', path: { allocationId: nowhere }, body: {} },
    { operation: 'createHold', path: { poolId: root.id }, body: { poolId: root.id, holder: 'retail' } },
    { operation: 'createHold', ifMatch: '*', body: { poolId: root.id, holder: 'retail' } },
    release(nowhere),
  ]);
  expect(said(batch)).toEqual([
    '45.96.0.0/30', 'pool-exhausted', '45.96.0.8/29', 'device-not-found', 'invalid-request', '45.96.0.4/30', 'pool-exhausted', 'prefix-not-free', 'pool-in-use',
    'invalid-request', 'invalid-request', 'invalid-request', 'invalid-request', 'allocation-not-found',
  ]);
  expect(batch.results[3]).toMatchObject({ index: 3, status: 404, problem: { status: 404, requestId: expect.any(String) } });
  expect((await api.expect(200, 'GET', `/v1/pools/${root.id}`)).labels).toEqual({});
  expect(await freeBlocks(database, root.id)).toEqual([]);
  const audit = (await api.expect(200, 'GET', `/v1/audit?resourceId=${root.id}`)).items;
  expect(audit).toHaveLength(1);
  await clean();
});

test('releases by sets: states, versions, repetitions, devices', async () => {
  const { api, database } = controller;
  const [plain, resting] = [await newRoot(api, ['45.96.0.0/26']), await newRoot(api, ['45.97.0.0/26'], { policy: { quarantineSeconds: 600 } })];
  const device = await newDevice(api, plain.spaceId);
  const made = await run('atomic', [...Array.from({ length: 6 }, () => take(plain, { prefixLength: 30 })), ...[1, 2].map(() => take(resting, { prefixLength: 30 })), ...[1, 2].map(() => take(plain, { prefixLength: 30, deviceId: device.id }))]);
  const ids = made.results.map((one) => String(one.body.id));
  const revision = async (): Promise<string> => (await api.expect(200, 'GET', '/v1/deliveries')).items.find((one: { deviceId: string }) => one.deviceId === device.id).wantedRevision;
  const before = Number(await revision());
  const batch = await run('bestEffort', [...ids.map((id) => release(id)), release(ids[0] ?? ''), release(ids[6] ?? ''), release(ids[8] ?? '', { ifMatch: '"7"' }), release(ids[9] ?? '')]);
  expect(batch.results.map((one) => one.problem?.code ?? one.body.state)).toEqual([
    ...Array.from({ length: 6 }, () => 'free'), 'quarantined', 'quarantined', 'withdrawing', 'withdrawing', 'allocation-not-found', 'quarantined', 'precondition-failed', 'withdrawing',
  ]);
  expect(Number(await revision())).toBe(before + 1);
  expect(batch.results[8]?.body.waitingFor).toEqual(['device']);
  expect(batch.results[6]?.body.quarantinedUntil).toEqual(expect.any(String));
  expect((await freeBlocks(database, plain.id)).length).toBeLessThan(5);
  await clean();
});

test('every verb does what it does by itself', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  const of = (operation: string, allocationId: string, body?: object): object => ({ operation, path: { allocationId }, ...(body === undefined ? {} : { body }) });
  const [a, b] = [await allocate(api, root.id, { prefix: '45.96.0.0/26' }), await allocate(api, root.id, { prefix: '45.96.0.64/28' })];
  const parts = [1, 2].map((at) => ({ operation: 'createPool', body: { parentId: root.id, name: `part ${at}`, prefixes: [`45.96.0.${at * 64 + 64}/27`, `45.96.0.${at * 64 + 96}/27`] } }));
  const made = await run('atomic', parts);
  const [one, other] = made.results.map((result) => String(result.body.id));
  const batch = await run('atomic', [
    of('updateAllocation', a.id, { labels: { seen: 'yes' } }),
    of('drainAllocation', a.id),
    of('activateAllocation', a.id),
    of('resizeAllocation', b.id, { prefixLength: 29 }),
    of('moveAllocation', a.id, { holder: 'wholesale' }),
    release(b.id),
    of('releaseQuarantine', b.id, { reason: 'never used' }),
    { operation: 'mergePools', path: { poolId: one }, body: { poolIds: [other] } },
    { operation: 'splitPool', path: { poolId: one }, body: { parts: [{ name: 'split off', prefixes: ['45.96.0.192/26'] }] } },
  ]);
  expect(batch.results.map((result) => result.status)).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 200]);
  expect([0, 1, 2, 4, 5, 6].map((at) => batch.results[at]?.body.state)).toEqual(['active', 'drained', 'active', 'active', 'quarantined', 'free']);
  await clean();
});

test('nothing in a batch or a set waits for space', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const wait = { seconds: 60 };
  const batch = await run('bestEffort', [take(root, { prefixLength: 28, wait }), { operation: 'allocateSet', body: { items: [{ request: allocationOf(root.id, { prefixLength: 28, wait }) }] } }, take(root, { prefixLength: 28 })]);
  expect(said(batch)).toEqual(['invalid-request', 'invalid-request', '45.96.0.0/28']);
});

test('a key replays the whole answer, refusals included; a dry run changes nothing', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const body = { mode: 'bestEffort', items: [take(root, { prefixLength: 29 }), take(root, { prefixLength: 28 })] };
  const rehearsed = await api.post('/v1/batches?dryRun=true', body);
  expect([rehearsed.status, rehearsed.body.results[0].body.prefix, await freeBlocks(database, root.id)]).toEqual([200, '45.96.0.0/29', ['45.96.0.0/28']]);
  const headers = { 'idempotency-key': unique('key') };
  const [first, again] = [await api.post('/v1/batches', body, { headers }), await api.post('/v1/batches', body, { headers })];
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const known = (answer: typeof first): unknown => JSON.parse(JSON.stringify(answer.body).replaceAll(answer.headers.get('x-request-id') ?? '', 'id'));
  expect(known(again)).toEqual(known(first));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.8/29']);
});

test('limits: items, octets, depth; the error says them', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const many = await api.problem('invalid-request', 'POST', '/v1/batches', { body: { mode: 'atomic', items: Array.from({ length: 10_001 }, () => ({ operation: 'createHold' })) } });
  expect(many.detail).toMatch(/10000/);
  await api.problem('invalid-request', 'POST', '/v1/batches', { body: { mode: 'atomic', items: [] } });
  await api.problem('invalid-request', 'POST', '/v1/batches', { body: { mode: 'atomic', items: [{ operation: 'createToken', body: {} }] } });
  const headers = { 'content-type': 'application/json', 'idempotency-key': unique('key') };
  const large = JSON.stringify({ mode: 'bestEffort', items: [take(root, { prefixLength: 32, holder: 'x'.repeat(5 * 1024 * 1024) })] });
  const refused = await api.expect(200, 'POST', '/v1/batches', { body: large, headers });
  expect(refused.results[0].problem.code).toBe('invalid-request');
  await api.problem('body-too-large', 'POST', '/v1/batches', { body: 'x'.repeat(17 * 1024 * 1024), headers });
  const deep = `{"mode":"bestEffort","items":[{"operation":"createPool","body":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}]}`;
  await api.problem('invalid-request', 'POST', '/v1/batches', { body: deep, headers });
});

test('more than one set holds: allocations, holds and releases of mixed lengths', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/18']);
  const made = await run('bestEffort', Array.from({ length: 2_500 }, (_, at) => (at % 1250 < 1200 ? take(root, { prefixLength: at % 7 === 0 ? 30 : 32 }) : { operation: 'createHold', body: { poolId: root.id, prefixLength: 31, holder: 'retail' } })));
  expect(made.results.every((one, at) => one.index === at && one.status === 201)).toBe(true);
  expect(new Set(made.results.map((one) => one.body.prefix)).size).toBe(2_500);
  await clean();
  await run('atomic', made.results.map((one) => (one.body.expiresAt === undefined ? release(one.body.id) : { operation: 'deleteHold', path: { holdId: one.body.id } })));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/18']);
}, 60_000);

test('batches over the same pools at once: nothing fails that need not, nothing overlaps', async () => {
  const { api, database } = controller;
  const pools = await Promise.all(['45.96.0.0/22', '45.97.0.0/22'].map((prefix) => newRoot(api, [prefix])));
  const batches = await Promise.all(
    Array.from({ length: 12 }, (_, at) => {
      const order = at % 2 === 0 ? pools : pools.toReversed();
      return run(at % 3 === 0 ? 'atomic' : 'bestEffort', order.flatMap((pool) => Array.from({ length: 20 }, () => take(pool, { prefixLength: 30 }))));
    }),
  );
  expect(batches.every((batch) => batch.results.every((one) => one.status === 201))).toBe(true);
  await Promise.all(batches.map((batch) => run('atomic', batch.results.toReversed().map((one) => release(one.body.id)))));
  expect(await overlaps(database)).toEqual([]);
  expect(await Promise.all(pools.map((pool) => freeBlocks(database, pool.id)))).toEqual([['45.96.0.0/22'], ['45.97.0.0/22']]);
  await clean();
});
