import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, sleep } from '../northbound/plan.js';
import { pullingDevice } from './devices.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('the document is the same north and south, and 304 while the device holds it', async () => {
  const { api } = controller;
  const { device, pool, pull } = await pullingDevice(api);
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  const pulled = await pull();
  expect(pulled.status).toBe(200);
  expect(pulled.headers.get('etag')).toBe('"2"');
  expect(pulled.body).toMatchObject({ device: device.id, revision: '2', space: pool.spaceId, resources: [] });
  expect(pulled.body.ranges).toMatchObject([{ id: made.id, prefix: '45.96.0.0/28', state: 'active', gateway: '45.96.0.1', lowerAddress: '45.96.0.2', upperAddress: '45.96.0.14' }]);
  expect(await api.expect(200, 'GET', `/v1/devices/${device.id}/document`)).toEqual(pulled.body);
  const held = await pull('2');
  expect(held.status).toBe(304);
  // RFC 9110 §15.4.5: a 304 carries the ETag that a 200 would have carried.
  expect(held.headers.get('etag')).toBe('"2"');
  expect((await pull('1')).body).toEqual(pulled.body);
});

test('a waiting pull is answered as soon as a newer revision is committed', async () => {
  const { api } = controller;
  const { device, pool, pull } = await pullingDevice(api);
  await pull();
  const waiting = pull('1', 20).then((answer) => ({ answer, at: performance.now() }));
  await sleep(300);
  const made = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  const committed = performance.now();
  const { answer, at } = await waiting;
  expect(answer).toMatchObject({ status: 200, body: { revision: '2', ranges: [{ id: made.id }] } });
  // Woken by the commit, long before it would have looked by itself.
  expect(at - committed).toBeLessThan(4_000);
});

test('who waits with a token that has ended meanwhile gets nothing', async () => {
  const { api } = controller;
  const { device, pool, pull } = await pullingDevice(api);
  await pull();
  const waiting = pull('1', 20);
  await sleep(300);
  const tokens: { id: string; deviceId: string | null }[] = (await api.expect(200, 'GET', '/v1/tokens?limit=1000')).items;
  for (const { id, deviceId } of tokens) if (deviceId === device.id) await api.expect(204, 'DELETE', `/v1/tokens/${id}`);
  await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  expect(await waiting).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
});

test('a wait ends with 304 when nothing has happened, and what happens elsewhere does not end it', async () => {
  const { api } = controller;
  const [one, other] = [await pullingDevice(api), await pullingDevice(api)];
  const begun = performance.now();
  const waiting = one.pull('1', 1);
  await allocate(api, other.pool.id, { prefixLength: 28, deviceId: other.device.id });
  expect((await waiting).status).toBe(304);
  expect(performance.now() - begun).toBeGreaterThan(900);
});

test('of several preferences the wait is honoured, and what is not known is passed over', async () => {
  const { door, pull } = await pullingDevice(controller.api);
  await pull();
  const timed = async (prefer: string): Promise<number> => {
    const begun = performance.now();
    expect((await door.get('/southbound/v1/document', { headers: { 'if-none-match': '"1"', prefer } })).status, prefer).toBe(304);
    return performance.now() - begun;
  };
  for (const prefer of ['respond-async, wait=1', 'Wait = "1"; exactly, handling=lenient']) expect(await timed(prefer), prefer).toBeGreaterThan(900);
  for (const prefer of ['respond-async', 'wait', 'wait=soon', 'return="minimal, wait=20"']) expect(await timed(prefer), prefer).toBeLessThan(10_000);
});

test('a suspended device is told so, also while it waits, and gets its document when it is active again', async () => {
  const { api } = controller;
  const { device, door, pull } = await pullingDevice(api);
  const waiting = pull('1', 20);
  await sleep(200);
  await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { state: 'suspended' } });
  expect((await waiting).body.code).toBe('device-unsuitable');
  await door.problem('device-unsuitable', 'GET', '/southbound/v1/document');
  await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { state: 'active' } });
  expect((await pull()).status).toBe(200);
});

test('each pull is a sign of life, also one that brings nothing new', async () => {
  const { api, database } = controller;
  const { device, pull } = await pullingDevice(api);
  const seen = async (): Promise<string | null> => (await api.expect(200, 'GET', `/v1/devices/${device.id}`)).lastSeenAt;
  expect(await seen()).toBeNull();
  await pull();
  expect(await seen()).not.toBeNull();
  await database.query(`update devices set last_seen_at = '2020-01-01' where id = $1`, [device.id]);
  expect((await pull('1')).status).toBe(304);
  expect(await seen()).not.toBe('2020-01-01T00:00:00.000Z');
});

test('who holds no device token has no business at this door, and a device none at the other', async () => {
  const { api } = controller;
  const { door, device } = await pullingDevice(api);
  await api.problem('forbidden', 'GET', '/southbound/v1/document');
  await api.as(null).problem('unauthorized', 'GET', '/southbound/v1/document');
  await door.problem('forbidden', 'GET', '/v1/pools');
  await door.problem('forbidden', 'GET', `/v1/devices/${device.id}/document`);
});
