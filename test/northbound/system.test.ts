import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, newDevice, newRoot } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('metrics tell of pools, devices and operations in figures that add up', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await newDevice(api, root.spaceId);
  await allocate(api, root.id, { prefixLength: 26, deviceId: device.id });
  await api.problem('pool-exhausted', 'POST', '/v1/allocations', { body: { poolId: root.id, prefixLength: 24, holder: 'h', service: 's' } });
  const answer = await api.get('/metrics');
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const figure = (start: string): string | undefined => answer.body.split('\n').find((line: string) => line.startsWith(start))?.split(' ').at(-1);
  expect(figure(`casm_pool_addresses{pool="${root.id}",family="ipv4",use="allocated"}`)).toBe('64');
  expect(figure(`casm_pool_addresses{pool="${root.id}",family="ipv4",use="free"}`)).toBe('192');
  expect(figure(`casm_device_revisions_behind{device="${device.id}"}`)).toBe('2');
  expect(figure(`casm_device_delivery_state{device="${device.id}",state="pending"}`)).toBe('1');
  expect(figure('casm_operation_duration_seconds_count{operation="allocatePrefix",status="201"}')).toBe('1');
  expect(figure('casm_operation_duration_seconds_count{operation="allocatePrefix",status="409"}')).toBe('1');
  // Those of operations are live, whatever is kept of the others.
  expect((await api.get('/metrics')).body).toContain('casm_operation_duration_seconds_count{operation="getMetrics",status="200"} 1\n');
});

test('ready says what was looked at; a job that nobody takes and a missing migration make it not ready', async () => {
  const { api, database } = controller;
  const ready = { status: 'ready', checks: { database: 'ok', migrations: 'ok', work: 'ok' } };
  expect(await api.as(null).expect(200, 'GET', '/readyz')).toEqual(ready);
  await database.query(`select graphile_worker.add_job('nobody-knows-this', run_at => now() - interval '2 minutes', job_key => 'stuck')`);
  const stuck = await api.as(null).expect(503, 'GET', '/readyz');
  expect(stuck).toMatchObject({ status: 'not-ready', checks: { database: 'ok', work: expect.stringMatching(/due for 12\d s/) } });
  await database.query(`select graphile_worker.remove_job('stuck')`);
  const [last] = await database.query<{ name: string }>('delete from migrations where id = (select max(id) from migrations) returning name');
  expect((await api.as(null).expect(503, 'GET', '/readyz')).checks.migrations).toContain(last?.name);
  await database.query('insert into migrations (timestamp, name) values (0, $1)', [last?.name]);
  expect(await api.as(null).expect(200, 'GET', '/readyz')).toEqual(ready);
});

test('the process says that it is alive without being asked who asks', async () => {
  expect(await controller.api.as(null).expect(200, 'GET', '/healthz')).toEqual({ status: 'ok' });
});
