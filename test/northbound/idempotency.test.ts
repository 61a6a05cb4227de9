import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AskOptions } from '../support/api.js';
import { startTestController, type TestController } from '../support/controller.js';
import { allocationOf, freeBlocks, newDevice, newRoot, newSpace, unique } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const under = (key: string): AskOptions => ({ headers: { 'idempotency-key': key } });

test('the same key and body replay the first answer whole, whatever happened since', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const key = unique('key');
  const body = allocationOf(root.id, { prefixLength: 28 });
  const first = await api.post('/v1/allocations', body, under(key));
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  await api.expect(200, 'DELETE', `/v1/allocations/${first.body.id}`);
  // The same request written another way is the same request.
  const again = await api.post('/v1/allocations', Object.fromEntries(Object.entries(body).reverse()), under(key));
  expect(again.status).toBe(201);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
});

test('another body, path or query under the same key is refused', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const key = unique('key');
  await api.expect(201, 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 28 }), ...under(key) });
  await api.problem('idempotency-key-reused', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 29 }), ...under(key) });
  await api.problem('idempotency-key-reused', 'POST', '/v1/spaces', { body: { name: unique('space') }, ...under(key) });
  const retry = unique('retry');
  const [one, other] = [await newDevice(api, root.spaceId), await newDevice(api, root.spaceId)];
  const before = await api.expect(202, 'POST', `/v1/deliveries/${one.id}/retry`, under(retry));
  expect(await api.expect(202, 'POST', `/v1/deliveries/${one.id}/retry`, under(retry))).toEqual(before);
  await api.problem('idempotency-key-reused', 'POST', `/v1/deliveries/${other.id}/retry`, under(retry));
  const imported = unique('import');
  const file = 'apnic|CN|ipv4|46.0.0.0|256|20110418|assigned\n';
  await api.expect(201, 'POST', `/v1/imports?spaceId=${root.spaceId}`, { body: file, ...under(imported) });
  await api.problem('idempotency-key-reused', 'POST', `/v1/imports?spaceId=${root.spaceId}&family=ipv4`, { body: file, ...under(imported) });
});

test('eight at once under one key make one allocation', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const key = unique('key');
  const answers = await Promise.all(Array.from({ length: 8 }, () => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 28 }), under(key))));
  expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.id}`)).size).toBe(1);
  expect(answers[0]?.status).toBe(201);
  expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(7);
  const rows = await database.query('select from allocations where pool_id = $1', [root.id]);
  expect(rows).toHaveLength(1);
});

test('eight at once under one key with two bodies: one body wins, the other is refused', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const key = unique('key');
  const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 28 + (at % 2) }), under(key))));
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, 201, 201, 201, 422, 422, 422, 422]);
  expect(new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.body.id)).size).toBe(1);
});

test('a key belongs to one token', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const key = unique('key');
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('token'), role: 'operator' } });
  const body = allocationOf(root.id, { prefixLength: 28 });
  const mine = await api.expect(201, 'POST', '/v1/allocations', { body, ...under(key) });
  const theirs = await api.as(token).post('/v1/allocations', body, under(key));
  expect(theirs.headers.get('idempotency-replayed')).toBeNull();
  expect(theirs.body.id).not.toBe(mine.id);
});

test('what failed is not stored: the key is free for the next try, with any body', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const key = unique('key');
  const body = { spaceId, name: 'later', prefixes: ['45.96.0.0/24'] };
  const first = await api.expect(201, 'POST', '/v1/pools', { body: { ...body, name: 'first' } });
  await api.problem('prefix-overlap', 'POST', '/v1/pools', { body, ...under(key) });
  await api.expect(204, 'DELETE', `/v1/pools/${first.id}`);
  const made = await api.post('/v1/pools', body, under(key));
  expect(made.status).toBe(201);
  expect(made.headers.get('idempotency-replayed')).toBeNull();
});

test('a token is created once, and its replay carries the same secret, which lies nowhere in the clear', async () => {
  const { api, database } = controller;
  const key = unique('key');
  const body = { name: unique('token'), role: 'viewer' };
  const first = await api.expect(201, 'POST', '/v1/tokens', { body, ...under(key) });
  const again = await api.post('/v1/tokens', body, under(key));
  expect(again.body).toEqual(first);
  await api.as(again.body.token).expect(200, 'GET', '/v1/spaces');
  const kept = await database.query<{ sealed: Buffer }>('select sealed from idempotency_keys where key = $1', [key]);
  expect(kept).toHaveLength(1);
  expect(kept[0]?.sealed.includes(first.token)).toBe(false);
});

test('keys have 1 to 255 characters', async () => {
  const { api } = controller;
  const body = { name: unique('space') };
  await api.problem('invalid-request', 'POST', '/v1/spaces', { body, ...under('k'.repeat(256)) });
  await api.problem('invalid-request', 'POST', '/v1/spaces', { body, ...under('') });
  await api.expect(201, 'POST', '/v1/spaces', { body, ...under('k'.repeat(255)) });
});
