import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, nowhere, unique } from '../northbound/plan.js';
import { pullingDevice } from './devices.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('a device asks for more in its domain, and finds it in its next document', async () => {
  const { api } = controller;
  const { device, pool, door, pull } = await pullingDevice(api);
  const { ranges } = await door.expect(201, 'POST', '/southbound/v1/requests', { body: { domain: 'residential', count: 2 } });
  expect(ranges.map((range: { prefix: string; state: string }) => [range.prefix, range.state])).toEqual([['45.96.0.0/26', 'provisioning'], ['45.96.0.64/26', 'provisioning']]);
  const longer = await door.expect(201, 'POST', '/southbound/v1/requests', { body: { domain: 'residential', prefixLength: 30 } });
  const document = (await pull()).body;
  expect(document.ranges.map((range: { id: string }) => range.id)).toEqual([...ranges, ...longer.ranges].map((range: { id: string }) => range.id));
  const read = await api.expect(200, 'GET', `/v1/allocations/${ranges[0].id}`);
  expect(read).toMatchObject({ poolId: pool.id, deviceId: device.id, holder: 'retail', service: 'internet', family: 'ipv4' });
  const problem = await door.problem('pool-mismatch', 'POST', '/southbound/v1/requests', { body: { domain: 'business' } });
  expect(problem.allowed).toEqual(['residential']);
});

test('all of the ranges or none: a shortage takes nothing and says what is free', async () => {
  const { api, database } = controller;
  const { device, pool, door } = await pullingDevice(api);
  await allocate(api, pool.id, { prefixLength: 25 });
  const body = { domain: 'residential', count: 3 };
  const problem = await door.problem('pool-exhausted', 'POST', '/southbound/v1/requests', { body });
  expect(problem.free).toEqual([{ family: 'ipv4', prefixLength: 25, count: '1' }]);
  expect(await freeBlocks(database, pool.id)).toEqual(['45.96.0.128/25']);
  expect((await api.expect(200, 'GET', `/v1/deliveries?deviceId=${device.id}`)).items[0].wantedRevision).toBe('1');
  await door.expect(201, 'POST', '/southbound/v1/requests', { body: { ...body, count: 2 } });
  expect((await door.problem('pool-exhausted', 'POST', '/southbound/v1/requests', { body: { ...body, count: 1 } })).free).toEqual([]);
  await door.problem('length-not-allowed', 'POST', '/southbound/v1/requests', { body: { domain: 'residential', prefixLength: 33 } });
});

test('a device that would wait gets what there is, and the rest in its document when space returns', async () => {
  const { api } = controller;
  const { device, pool, door, pull } = await pullingDevice(api);
  const taken = await allocate(api, pool.id, { prefixLength: 25 });
  const headers = { 'idempotency-key': unique('key') };
  const body = { domain: 'residential', count: 3, wait: { seconds: 600, priority: 7 } };
  const answer = await door.post('/southbound/v1/requests', body, { headers });
  expect(answer.status).toBe(202);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect([answer.body.ranges.length, answer.body.waiting.length]).toEqual([2, 1]);
  expect((await door.post('/southbound/v1/requests', body, { headers })).body).toEqual(answer.body);
  expect(await api.expect(200, 'GET', `/v1/waiting-requests/${answer.body.waiting[0].id}`)).toMatchObject({ state: 'waiting', position: 1, priority: 7, request: { deviceId: device.id, prefixLength: 26 } });
  const { revision } = (await pull()).body;
  const woken = pull(revision, 10);
  await api.expect(200, 'DELETE', `/v1/allocations/${taken.id}`);
  const document = (await woken).body;
  expect(document.ranges).toHaveLength(3);
  expect(Number(document.revision)).toBeGreaterThan(Number(revision));
  await door.problem('pool-mismatch', 'POST', '/southbound/v1/requests', { body: { ...body, domain: 'business' } });
  await door.expect(201, 'POST', '/southbound/v1/requests', { body: { ...body, count: 1 } });
  await door.problem('pool-exhausted', 'POST', '/southbound/v1/requests', { body: { domain: 'residential' } });
});

test('a repeated request under one key is granted once', async () => {
  const { api, database } = controller;
  const { pool, door } = await pullingDevice(api);
  const headers = { 'idempotency-key': unique('key') };
  const answers = await Promise.all([1, 2, 3, 4].map(() => door.post('/southbound/v1/requests', { domain: 'residential' }, { headers })));
  expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(3);
  expect(await database.query('select from allocations where pool_id = $1', [pool.id])).toHaveLength(1);
  await door.problem('idempotency-key-reused', 'POST', '/southbound/v1/requests', { body: { domain: 'residential', count: 2 }, headers });
});

test('a device gives back; repeating it is no error until the prefix is free', async () => {
  const { api } = controller;
  const { door, pull, acknowledge } = await pullingDevice(api);
  const { ranges } = await door.expect(201, 'POST', '/southbound/v1/requests', { body: { domain: 'residential' } });
  const { id: range, prefix } = ranges[0];
  const body = { range, prefix };
  const given = { range, state: 'withdrawing' };
  expect(await door.expect(200, 'POST', '/southbound/v1/releases', { body })).toEqual(given);
  expect(await door.expect(200, 'POST', '/southbound/v1/releases', { body })).toEqual(given);
  await pull();
  await acknowledge('3');
  await expect.poll(async () => (await door.post('/southbound/v1/releases', body)).body.code, { timeout: 5_000 }).toBe('pool-mismatch');
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('what is not so is said as it is: no such range, another prefix, another device', async () => {
  const { api } = controller;
  const [one, other] = [await pullingDevice(api), await pullingDevice(api)];
  const made = await allocate(api, one.pool.id, { prefixLength: 28, deviceId: one.device.id });
  const unserved = await allocate(api, one.pool.id, { prefixLength: 28 });
  const refused = (code: string, door: typeof one.door, range: string, prefix: string): Promise<object> => door.problem(code, 'POST', '/southbound/v1/releases', { body: { range, prefix } });
  await refused('pool-mismatch', one.door, nowhere, made.prefix);
  await refused('subnet-mismatch', one.door, made.id, '45.96.0.0/29');
  await refused('invalid-prefix', one.door, made.id, '45.96.0.1/28');
  await refused('subnet-conflict', other.door, made.id, made.prefix);
  await refused('subnet-conflict', one.door, unserved.id, unserved.prefix);
  expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('provisioning');
});

test('one device’s token reads, confirms and reports for that device alone', async () => {
  const { api, database } = controller;
  const [one, other] = [await pullingDevice(api), await pullingDevice(api)];
  await one.pull();
  await other.pull();
  const made = await allocate(api, other.pool.id, { prefixLength: 28, deviceId: other.device.id });
  expect((await one.pull()).body).toMatchObject({ device: one.device.id, ranges: [] });
  await one.acknowledge('1');
  expect((await api.expect(200, 'GET', `/v1/deliveries?deviceId=${other.device.id}`)).items[0].appliedRevision).toBe('0');
  await one.door.problem('invalid-request', 'POST', '/southbound/v1/acks', { body: { revision: '1', applied: true, deviceId: other.device.id } });
  await one.door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence: 1, ranges: [{ id: made.id, assigned: '1', total: '13' }] } });
  expect(await database.query('select device_id from reports where device_id = any($1::uuid[])', [[one.device.id, other.device.id]])).toEqual([{ device_id: one.device.id }]);
});
