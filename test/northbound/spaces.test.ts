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
