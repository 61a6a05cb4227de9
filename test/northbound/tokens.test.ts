import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { newDevice, newSpace, nowhere, unique } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('a token is made, listed without its secret, stored as a hash, and ends at once', async () => {
  const { api, database } = controller;
  const made = await api.post('/v1/tokens', { name: unique('viewer'), role: 'viewer' });
  expect(made.status).toBe(201);
  const { token, ...rest } = made.body;
  expect(made.headers.get('location')).toBe(`/v1/tokens/${rest.id}`);
  await api.as(token).expect(200, 'GET', '/v1/pools');
  const { items } = await api.expect(200, 'GET', '/v1/tokens');
  expect(items).toContainEqual(rest);
  const [row] = await database.query<{ hash: Buffer; all: string }>('select hash, t::text as all from tokens t where id = $1', [rest.id]);
  expect(row?.hash).toEqual(createHash('sha256').update(token).digest());
  expect(JSON.stringify([row, items])).not.toContain(token);
  await api.expect(204, 'DELETE', `/v1/tokens/${rest.id}`);
  await api.as(token).problem('unauthorized', 'GET', '/v1/pools');
  await api.problem('token-not-found', 'DELETE', `/v1/tokens/${rest.id}`);
});

test('a token ends by itself', async () => {
  const { api } = controller;
  const expiresAt = new Date(Date.now() + 2000).toISOString();
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'short', role: 'viewer', expiresAt } });
  await api.as(token).expect(200, 'GET', '/v1/pools');
  await eventually(() => api.as(token).problem('unauthorized', 'GET', '/v1/pools'), 8_000);
  for (const past of ['2020-01-01T00:00:00Z', '2098-12-31T23:59:60Z']) {
    await api.problem('invalid-request', 'POST', '/v1/tokens', { body: { name: 'x', role: 'viewer', expiresAt: past } });
  }
});

test('role device and a device go together', async () => {
  const { api } = controller;
  const device = await newDevice(api, await newSpace(api));
  await api.problem('invalid-request', 'POST', '/v1/tokens', { body: { name: 'x', role: 'device' } });
  await api.problem('invalid-request', 'POST', '/v1/tokens', { body: { name: 'x', role: 'operator', deviceId: device.id } });
  await api.problem('device-not-found', 'POST', '/v1/tokens', { body: { name: 'x', role: 'device', deviceId: nowhere } });
  await api.problem('invalid-request', 'POST', '/v1/tokens', { body: { name: 'x', role: 'root' } });
  expect(await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'x', role: 'device', deviceId: device.id } })).toMatchObject({ deviceId: device.id });
});

test('tokens come in pages', async () => {
  const { api } = controller;
  for (let at = 0; at < 3; at += 1) await api.expect(201, 'POST', '/v1/tokens', { body: { name: `t${at}`, role: 'viewer' } });
  const first = await api.expect(200, 'GET', '/v1/tokens?limit=2');
  expect(first.items).toHaveLength(2);
  const second = await api.expect(200, 'GET', `/v1/tokens?limit=1000&cursor=${first.nextCursor}`);
  expect(second.nextCursor).toBeNull();
  const all = (await api.expect(200, 'GET', '/v1/tokens?limit=1000')).items;
  expect([...first.items, ...second.items]).toEqual(all);
});
