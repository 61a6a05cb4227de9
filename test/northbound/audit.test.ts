import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, newRoot, unique, type AuditEntry } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('each change is there: who, under which request id, before and after, the newest first', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const { id: tokenId, token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'planner', role: 'operator' } });
  const requestId = unique('request');
  const changed = await api.as(token).patch(`/v1/pools/${root.id}`, { labels: { phase: '2' } }, { headers: { 'x-request-id': requestId } });
  expect(changed.headers.get('x-request-id')).toBe(requestId);
  const { items } = await api.as(token).expect(200, 'GET', `/v1/audit?resourceId=${root.id}`);
  expect(items.map((entry: AuditEntry) => entry.operation)).toEqual(['updatePool', 'createPool']);
  expect(items[0]).toMatchObject({ actor: { tokenId, name: 'planner', role: 'operator' }, requestId, resourceType: 'pool', before: { labels: {} }, after: { labels: { phase: '2' } } });
  expect(items[1]).toMatchObject({ actor: { name: 'bootstrap', role: 'admin' }, before: null });
  expect((await api.expect(200, 'GET', `/v1/audit?requestId=${requestId}`)).items).toEqual([items[0]]);
});

test('a request id that cannot be logged safely is replaced', async () => {
  const { api } = controller;
  for (const given of ['two words', 'x'.repeat(129)]) {
    const answer = await api.get('/v1/spaces', { headers: { 'x-request-id': given } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
  const problem = await api.ask('GET', '/v1/pools?limit=0', { headers: { 'x-request-id': 'mine' } });
  expect([problem.body.requestId, problem.headers.get('x-request-id')]).toEqual(['mine', 'mine']);
});

test('what was refused, or only read, leaves no entry; a replay leaves none of its own', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const requestId = unique('request');
  const headers = { 'x-request-id': requestId };
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 8 }), headers });
  await api.get('/v1/pools', { headers });
  const key = { 'idempotency-key': unique('key') };
  await api.expect(201, 'POST', '/v1/spaces', { body: { name: requestId }, headers: key });
  await api.expect(201, 'POST', '/v1/spaces', { body: { name: requestId }, headers: { ...key, ...headers } });
  expect((await api.expect(200, 'GET', `/v1/audit?requestId=${requestId}`)).items).toEqual([]);
});

test('pages go back in time while new entries arrive, and repeat none', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  for (let at = 0; at < 4; at += 1) await allocate(api, root.id, { prefixLength: 28 });
  const seen: bigint[] = [];
  let cursor: string | null = null;
  do {
    const list: { items: AuditEntry[]; nextCursor: string | null } = await api.expect(200, 'GET', `/v1/audit?operation=allocatePrefix&limit=3${cursor === null ? '' : `&cursor=${cursor}`}`);
    seen.push(...list.items.map((entry) => BigInt(entry.id)));
    cursor = list.nextCursor;
    if (seen.length === 3) await allocate(api, root.id, { prefixLength: 28 });
  } while (cursor !== null);
  expect(seen).toEqual(seen.toSorted((a, b) => (a < b ? 1 : -1)));
  expect(new Set(seen).size).toBe(seen.length);
  await api.problem('invalid-cursor', 'GET', '/v1/audit?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OQ');
});

test('the database itself refuses to rewrite what happened', async () => {
  const { database } = controller;
  for (const sql of [`update audit set actor = 'nobody'`, 'delete from audit', 'truncate audit']) {
    await expect(database.query(sql)).rejects.toThrow('append-only');
  }
});
