/** Requests that wait for one pool share its next turn: each still has an outcome of its own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiAnswer } from '../support/api.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newDevice, newRoot, sleep, unique, withConnection } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

interface Asked {
  readonly body: object;
  readonly key?: string;
}

/** What a turn is of: the row that whoever has it has locked. */
const rowOf = { pool: 'select from pools where id = $1 for no key update', device: 'select from deliveries where device_id = $1 for no key update' };

/** Holds the turn until all have arrived: the first then has one by itself, and the others share the next one. */
async function whileHeld(turn: keyof typeof rowOf, id: string, asks: readonly (() => Promise<ApiAnswer>)[]): Promise<ApiAnswer[]> {
  return withConnection(controller.database, async (other) => {
    await other.query('begin');
    await other.query(rowOf[turn], [id]);
    const answers: Promise<ApiAnswer>[] = [];
    for (const ask of asks) {
      answers.push(ask());
      // One after the other, so that their order is known: whoever asks behind it has been let in and answered.
      await sleep(40);
      await controller.api.expect(200, 'GET', '/v1/spaces');
    }
    await other.query('rollback');
    return Promise.all(answers);
  });
}

async function inOneTurn(poolId: string, asks: readonly Asked[]): Promise<ApiAnswer[]> {
  const headers = (key: string | undefined): Record<string, string> => (key === undefined ? {} : { 'idempotency-key': key });
  return whileHeld('pool', poolId, asks.map(({ body, key }) => () => controller.api.post('/v1/allocations', allocationOf(poolId, body), { headers: headers(key) })));
}

const outcomes = (answers: readonly ApiAnswer[]): unknown[] => answers.map((answer) => (answer.status === 201 ? answer.body.prefix : answer.body.code));

test('each gets its own: blocks, refusals, exact prefixes', async () => {
  const { database } = controller;
  const root = await newRoot(controller.api, ['45.96.0.0/29']);
  const answers = await inOneTurn(root.id, [
    { body: { prefixLength: 32 } },
    { body: { prefixLength: 30 } },
    { body: { prefixLength: 33 } },
    { body: { prefix: '45.96.0.3/32' } },
    { body: { prefix: '45.96.0.3/32' } },
    { body: { prefix: '45.97.0.0/32' } },
    { body: { prefixLength: 30 } },
    { body: { prefixLength: 32, deviceId: '0192f5f0-0000-7000-8000-0000000000ff' } },
    { body: { prefixLength: 31, validUntil: '2020-01-01T00:00:00Z' } },
  ]);
  expect(outcomes(answers)).toEqual([
    '45.96.0.0/32',
    '45.96.0.4/30',
    'length-not-allowed',
    '45.96.0.3/32',
    'prefix-not-free',
    'prefix-outside-pool',
    'pool-exhausted',
    'device-not-found',
    'invalid-request',
  ]);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.1/32', '45.96.0.2/32']);
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('a request that is refused in the end keeps nothing from the others', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['10.0.0.0/31'], { policy: { allowSpecialPurpose: true } });
  await newDevice(api, root.spaceId, { name: unique('ca'), kind: 'rpki', adapter: 'rpki' });
  const answers = await inOneTurn(root.id, [{ body: { prefixLength: 32 } }, { body: { prefixLength: 32, certify: true } }, { body: { prefixLength: 32 } }]);
  expect(outcomes(answers)).toEqual(['10.0.0.0/32', 'certification-refused', '10.0.0.1/32']);
  expect(await freeBlocks(database, root.id)).toEqual([]);
});

test('keys: the refused give theirs up, the served keep theirs, and one key is served once in a turn', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const [refused, served, used] = [unique('refused'), unique('served'), unique('used')];
  await api.expect(201, 'POST', '/v1/spaces', { body: { name: used }, headers: { 'idempotency-key': used } });
  const answers = await inOneTurn(root.id, [
    { body: { prefixLength: 32 } },
    { body: { prefixLength: 27 }, key: refused },
    { body: { prefixLength: 30 }, key: served },
    { body: { prefixLength: 30 }, key: served },
    { body: { prefixLength: 31 }, key: served },
    { body: { prefixLength: 30 }, key: used },
  ]);
  expect(outcomes(answers)).toEqual(['45.96.0.0/32', 'pool-exhausted', '45.96.0.4/30', '45.96.0.4/30', 'idempotency-key-reused', 'idempotency-key-reused']);
  expect(answers.map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, null, null, 'true', null, null]);
  const later = await api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 30 }), { headers: { 'idempotency-key': refused } });
  expect([later.status, later.headers.get('idempotency-replayed')]).toEqual([201, null]);
});

test('releases share turns, too: each reaches its own state, or has its own refusal', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/29']);
  const held: string[] = [];
  for (let at = 0; at < 4; at += 1) held.push((await allocate(api, root.id, { prefixLength: 31 })).id);
  const [first, second, third, fourth] = held as [string, string, string, string];
  const release = (id: string, headers: Record<string, string> = {}) => () => api.delete(`/v1/allocations/${id}`, { headers });
  const answers = await whileHeld('pool', root.id, [release(first), release(second), release(third, { 'if-match': '"7"' }), release(second), release(fourth)]);
  expect(answers.map((answer) => (answer.status === 200 ? answer.body.state : answer.body.code))).toEqual(['free', 'free', 'precondition-failed', 'allocation-not-found', 'free']);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/30', '45.96.0.6/31']);
  const turns = await database.query<{ turn: string }>(`select turn from audit where operation = 'releaseAllocation' and resource_id = any($1) order by id`, [[first, second, fourth]]);
  expect(new Set(turns.slice(1).map(({ turn }) => turn)).size).toBe(1);
});

test('releases of what one device has share a turn: it has to let go of all of them in one revision', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const device = await newDevice(api, root.spaceId);
  const ids: string[] = [];
  for (let at = 0; at < 4; at += 1) ids.push((await allocate(api, root.id, { prefixLength: 32, deviceId: device.id })).id);
  const answers = await whileHeld('device', device.id, ids.map((id) => () => api.delete(`/v1/allocations/${id}`)));
  expect(answers.map((answer) => [answer.status, answer.body.state])).toEqual(ids.map(() => [200, 'withdrawing']));
  const turns = await database.query<{ turn: string }>(`select distinct turn from audit where operation = 'releaseAllocation' and resource_id = any($1)`, [ids]);
  expect(turns).toHaveLength(2);
});
