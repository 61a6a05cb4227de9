import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('a space is created once, listed, and its name is taken', async () => {
  const { api } = controller;
  const created = await api.post('/v1/spaces', { name: 'internet', labels: { scope: 'public' } });
  expect(created.status).toBe(201);
  expect(created.headers.get('location')).toBe(`/v1/spaces/${created.body.id}`);
  const list = await api.expect(200, 'GET', '/v1/spaces?labels=scope=public');
  expect(list.items).toEqual([created.body]);
  await api.problem('name-taken', 'POST', '/v1/spaces', { body: { name: 'internet' } });
});

test('spaces made at once are all made, each with a place for its allocations', async () => {
  const { api, database } = controller;
  const made = await Promise.all(Array.from({ length: 8 }, (_, at) => api.expect(201, 'POST', '/v1/spaces', { body: { name: `vrf-${at}` } })));
  const ids = made.map((space: { id: string }) => space.id);
  const places = await database.query(`select from spaces s join pg_class c on c.relname = 'allocations_' || s.number where s.id = any($1::uuid[])`, [ids]);
  expect(places).toHaveLength(8);
});

test('spaces come in pages, in the order they were made', async () => {
  const { api } = controller;
  const all = (await api.expect(200, 'GET', '/v1/spaces')).items;
  const first = await api.expect(200, 'GET', '/v1/spaces?limit=3');
  const rest = await api.expect(200, 'GET', `/v1/spaces?limit=1000&cursor=${first.nextCursor}`);
  expect([...first.items, ...rest.items]).toEqual(all);
  expect(rest.nextCursor).toBeNull();
  await api.problem('invalid-cursor', 'GET', '/v1/spaces?cursor=MTI');
});
