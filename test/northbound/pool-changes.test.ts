import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newChild, newRoot, nowhere } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('what a change does not name stays', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16'], { labels: { region: 'north' }, policy: { quarantineSeconds: 5 } });
  const changed = await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { policy: { ipv4: { defaultPrefixLength: 26 } } } });
  expect(changed).toEqual({ ...root, policy: { ...root.policy, ipv4: { ...root.policy.ipv4, defaultPrefixLength: 26 } } });
  const labelled = await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { labels: { phase: '2' }, name: 'renamed' } });
  expect(labelled).toEqual({ ...changed, labels: { phase: '2' }, name: 'renamed' });
  await api.problem('pool-not-found', 'PATCH', `/v1/pools/${nowhere}`, { body: { name: 'x' } });
  await api.problem('invalid-request', 'PATCH', `/v1/pools/${root.id}`, { body: {} });
  await api.problem('invalid-request', 'PATCH', `/v1/pools/${root.id}`, { body: { parentId: nowhere } });
});

test('If-Match lets one of two changes pass', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  const seen = (await api.get(`/v1/pools/${root.id}`)).headers.get('etag') ?? '';
  const answers = await Promise.all(['a', 'b', 'c'].map((phase) => api.patch(`/v1/pools/${root.id}`, { labels: { phase } }, { headers: { 'if-match': seen } })));
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412, 412]);
  const winner = answers.find((answer) => answer.status === 200);
  const now = await api.get(`/v1/pools/${root.id}`);
  expect(now.body).toEqual(winner?.body);
  expect(now.headers.get('etag')).toBe(winner?.headers.get('etag'));
  await api.problem('precondition-failed', 'DELETE', `/v1/pools/${root.id}`, { headers: { 'if-match': seen } });
  await api.problem('invalid-request', 'DELETE', `/v1/pools/${root.id}`, { headers: { 'if-match': 'version 1' } });
});

test('a root grows from nowhere and shrinks by what is wholly free', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const grown = await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.96.0.0/24', '45.99.0.0/24'] } });
  expect(grown.prefixes).toEqual(['45.96.0.0/24', '45.99.0.0/24']);
  await allocate(api, root.id, { prefix: '45.99.0.16/28' });
  const { conflicts } = await api.problem('pool-in-use', 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.96.0.0/24'] } });
  expect(conflicts).toEqual(['45.99.0.0/24']);
  await api.problem('pool-in-use', 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.96.0.0/24', '45.99.0.0/23'] } });
  await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.99.0.0/24'] } });
  expect(await freeBlocks(database, root.id)).toEqual(['45.99.0.0/28', '45.99.0.32/27', '45.99.0.64/26', '45.99.0.128/25']);
});

test('a child grows out of its parent and gives back what it leaves, in one step', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22']);
  const child = await newChild(api, root.id, { prefixes: ['45.96.0.0/24'] });
  await api.expect(200, 'PATCH', `/v1/pools/${child.id}`, { body: { prefixes: ['45.96.0.0/24', '45.96.1.0/24'] } });
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.2.0/23']);
  await api.expect(200, 'PATCH', `/v1/pools/${child.id}`, { body: { prefixes: ['45.96.0.0/23'] } });
  expect(await freeBlocks(database, child.id)).toEqual(['45.96.0.0/23']);
  await api.expect(200, 'PATCH', `/v1/pools/${child.id}`, { body: { prefixes: ['45.96.3.0/24'] } });
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/23', '45.96.2.0/24']);
  const sibling = await newChild(api, root.id, { prefixes: ['45.96.0.0/24'] });
  await api.problem('prefix-not-free', 'PATCH', `/v1/pools/${child.id}`, { body: { prefixes: ['45.96.0.0/23', '45.96.3.0/24'] } });
  await api.problem('prefix-outside-pool', 'PATCH', `/v1/pools/${child.id}`, { body: { prefixes: ['45.96.3.0/24', '45.100.0.0/24'] } });
  await api.problem('pool-in-use', 'PATCH', `/v1/pools/${root.id}`, { body: { prefixes: ['45.101.0.0/24'] } });
  expect((await api.get(`/v1/pools/${child.id}`)).body.prefixes).toEqual(['45.96.3.0/24']);
  expect((await api.get(`/v1/pools/${sibling.id}`)).body.prefixes).toEqual(['45.96.0.0/24']);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('a refused change changes nothing, not even the version', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const before = await api.get(`/v1/pools/${root.id}`);
  await api.problem('invalid-prefix', 'PATCH', `/v1/pools/${root.id}`, { body: { name: 'other', prefixes: ['45.96.0.1/24'] } });
  await api.problem('length-not-allowed', 'PATCH', `/v1/pools/${root.id}`, { body: { name: 'other', policy: { ipv6: { minPrefixLength: 64, maxPrefixLength: 48 } } } });
  const after = await api.get(`/v1/pools/${root.id}`);
  expect(after.body).toEqual(before.body);
  expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
});
