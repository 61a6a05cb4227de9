import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocationOf, newRoot } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('a dry run answers what would be, and changes nothing', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const contents = () => database.query('select (select count(*) from allocations) a, (select count(*) from free_blocks) f, (select count(*) from audit) u, (select count(*) from idempotency_keys) k');
  const before = await contents();
  const rehearsed = await api.post('/v1/allocations?dryRun=true', allocationOf(root.id, { prefixLength: 26 }), { headers: { 'idempotency-key': 'once' } });
  expect(rehearsed.status).toBe(201);
  expect(rehearsed.headers.get('dry-run')).toBe('true');
  expect(rehearsed.body).toMatchObject({ prefix: '45.96.0.0/26', state: 'active' });
  expect(await contents()).toEqual(before);
  await api.problem('pool-exhausted', 'POST', '/v1/allocations?dryRun=true', { body: allocationOf(root.id, { prefixLength: 23 }) });
  expect((await api.delete(`/v1/pools/${root.id}?dryRun=true`)).status).toBe(204);
  expect((await api.get(`/v1/pools/${root.id}`)).status).toBe(200);
  // The key was not used up: the real request with it goes through, and gets what was promised.
  const real = await api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 26 }), { headers: { 'idempotency-key': 'once' } });
  expect(real.body.prefix).toBe('45.96.0.0/26');
  expect(real.headers.get('dry-run')).toBeNull();
});
