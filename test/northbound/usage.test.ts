/** What pools were used for, when they run out, and alarms: on the real database, with the clock of the job where time matters. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { controllerActor } from '../../src/model/audit.js';
import { judgeAlarms } from '../../src/operations/alarms/judge-alarms.js';
import { sweep } from '../../src/operations/background/sweep.js';
import { Hall } from '../../src/operations/hall.js';
import { sampleUsage } from '../../src/operations/usage/sample-usage.js';
import type { Operation } from '../../src/operations/work.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { eventually, secretKey, startTestController, type TestController } from '../support/controller.js';
import { v7 as uuidv7 } from 'uuid';
import { allocate, newChild, newRoot, nowhere, type Pool } from './plan.js';

let controller: TestController;
let source: ReturnType<typeof createDataSource>;
beforeAll(async () => {
  controller = await startTestController();
  source = await createDataSource(controller.database.url, 2).initialize();
});
afterAll(async () => {
  await source.destroy();
  await controller.stop();
});

/** What a job does, at a time of the test's own. */
async function at(time: Date, operation: Operation<undefined, void>): Promise<void> {
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => time, uuidv7);
  await hall.write({ operation: 'test', actor: controllerActor, requestId: 'test' }, operation, undefined);
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Long ago: the controller takes samples of its own while the tests run. */
const noon = new Date('2016-03-10T12:00:00.000Z');
const after = (milliseconds: number): Date => new Date(noon.getTime() + milliseconds);

async function pairs(pool: Pool): Promise<string[]> {
  const found = await controller.database.query<{ at: Date; family: number; grain: string }>('select at, family, grain from usage_samples where pool_id = $1 and at < $2 order by family, at', [pool.id, after(6 * 365 * day)]);
  return found.map((sample) => `${sample.at.toISOString().slice(5, 16)} ${sample.grain}`);
}

test('a sample says what the space of each family was used for', async () => {
  const { api } = controller;
  const pool = await newRoot(api, ['45.96.0.0/24', '2a0e:b100::/32'], { policy: { quarantineSeconds: 600 } });
  await newChild(api, pool.id, { carve: [{ family: 'ipv4', prefixLength: 26 }] });
  await allocate(api, pool.id, { family: 'ipv4', prefixLength: 28 });
  const rests = await allocate(api, pool.id, { family: 'ipv4', prefixLength: 28 });
  await api.expect(200, 'DELETE', `/v1/allocations/${rests.id}`);
  await at(noon, sampleUsage);
  const history = await api.expect(200, 'GET', `/v1/pools/${pool.id}/usage-history?from=2016-03-10T00:00:00Z&to=2016-03-11T00:00:00Z`);
  expect(history).toMatchObject({ poolId: pool.id, stepSeconds: 300 });
  expect(history.families).toEqual([
    { family: 'ipv4', points: [{ at: noon.toISOString(), total: '256', allocated: '16', held: '0', quarantined: '16', delegated: '64', free: '160' }] },
    { family: 'ipv6', points: [{ at: noon.toISOString(), total: String(1n << 96n), allocated: '0', held: '0', quarantined: '0', delegated: '0', free: String(1n << 96n) }] },
  ]);
  const usage = await api.expect(200, 'GET', `/v1/pools/${pool.id}/usage`);
  expect(usage.families[0]).toMatchObject({ allocated: '16', quarantined: '16', delegated: '64', free: '160' });
});

test('samples grow coarser with age: all of two days, hours of 90 days, days of five years', async () => {
  const pool = await newRoot(controller.api, ['45.96.0.0/24']);
  const times = [-5 * minute, 0, 5 * minute, hour, hour + 5 * minute, 12 * hour, 12 * hour + 5 * minute];
  for (const time of times) await at(after(time), sampleUsage);
  expect(await pairs(pool)).toEqual(['03-10T11:55 day', '03-10T12:00 hour', '03-10T12:05 fine', '03-10T13:00 hour', '03-10T13:05 fine', '03-11T00:00 day', '03-11T00:05 fine']);
  await at(after(2 * day), sweep);
  expect(await pairs(pool)).toHaveLength(7);
  await at(after(2 * day + hour + minute), sweep);
  expect(await pairs(pool)).toEqual(['03-10T11:55 day', '03-10T12:00 hour', '03-10T13:00 hour', '03-10T13:05 fine', '03-11T00:00 day', '03-11T00:05 fine']);
  await at(after(91 * day), sweep);
  expect(await pairs(pool)).toEqual(['03-10T11:55 day', '03-11T00:00 day']);
  await at(after(5 * 365.25 * day + day), sweep);
  expect(await pairs(pool)).toEqual([]);
});

/** A pool with a history of its own, an hour apart. */
async function withHistory(count: number, usedAt: (index: number) => number, prefixes = ['45.96.0.0/16']): Promise<Pool> {
  const pool = await newRoot(controller.api, prefixes);
  const beginning = Date.now() - count * hour;
  await controller.database.query(
    `insert into usage_samples (pool_id, family, at, grain, total, allocated, held, quarantined, delegated, free, free_blocks)
     select $1, 4, t.at, 'hour', 65536, t.used, 0, 0, 0, 65536 - t.used, jsonb_build_object('26', (65536 - t.used) / 64) from unnest($2::timestamptz[], $3::int[]) as t (at, used)`,
    [pool.id, Array.from({ length: count }, (_, index) => new Date(beginning + index * hour)), Array.from({ length: count }, (_, index) => usedAt(index))],
  );
  return pool;
}

test('a history has at most a thousand points, and each is the newest of its step', async () => {
  const { api } = controller;
  const pool = await withHistory(3_000, (index) => index);
  const from = new Date(Date.now() - 3_001 * hour).toISOString();
  const { families, stepSeconds } = await api.expect(200, 'GET', `/v1/pools/${pool.id}/usage-history?from=${from}&family=ipv4`);
  expect(stepSeconds).toBe(6 * 3_600);
  const { points } = families[0];
  expect(points.length).toBeGreaterThanOrEqual(500);
  expect(points.length).toBeLessThanOrEqual(502);
  expect(points.at(-1).allocated).toBe('2999');
  for (const [index, point] of points.slice(0, -2).entries()) expect(Date.parse(points[index + 1].at) - Date.parse(point.at)).toBe(index === 0 ? Date.parse(points[1].at) - Date.parse(points[0].at) : 6 * hour);
  const coarse = await api.expect(200, 'GET', `/v1/pools/${pool.id}/usage-history?from=${from}&step=100000`);
  expect(coarse.stepSeconds).toBe(5 * 86_400);
  await api.problem('invalid-request', 'GET', `/v1/pools/${pool.id}/usage-history?from=2026-03-10T00:00:00Z&to=2026-03-09T00:00:00Z`);
  await api.problem('pool-not-found', 'GET', `/v1/pools/${nowhere}/usage-history`);
});

test('the forecast: when the addresses, and when the blocks of a length, run out', async () => {
  const { api } = controller;
  const pool = await withHistory(400, (index) => index * 64);
  const forecast = await api.expect(200, 'GET', `/v1/pools/${pool.id}/forecast`);
  expect(forecast).toMatchObject({ family: 'ipv4', prefixLength: null, left: '65536', reason: 'trend', confidence: 0.9 });
  // 64 an hour, and by the pool itself all of its 65 536 are free.
  expect((Date.parse(forecast.exhaustedAt.expected) - Date.now()) / hour).toBeGreaterThan(1_020);
  expect((Date.parse(forecast.exhaustedAt.expected) - Date.now()) / hour).toBeLessThan(1_028);
  expect(forecast.basis.samples).toBeGreaterThan(60);
  expect(forecast.basis.samples).toBeLessThanOrEqual(250);
  const blocks = await api.expect(200, 'GET', `/v1/pools/${pool.id}/forecast?prefixLength=26`);
  expect(blocks).toMatchObject({ prefixLength: 26, left: '1024', reason: 'trend' });
  expect(Math.abs(Date.parse(blocks.exhaustedAt.expected) - Date.parse(forecast.exhaustedAt.expected))).toBeLessThan(5 * hour);
  const larger = await api.expect(200, 'GET', `/v1/pools/${pool.id}/forecast?prefixLength=20`);
  expect(larger).toMatchObject({ left: '16', reason: 'not-growing', exhaustedAt: null });
  await api.problem('length-not-allowed', 'GET', `/v1/pools/${pool.id}/forecast?prefixLength=33`);
});

test('a forecast that cannot be made says why', async () => {
  const { api } = controller;
  const still = await withHistory(100, () => 64);
  expect(await api.expect(200, 'GET', `/v1/pools/${still.id}/forecast`)).toMatchObject({ reason: 'not-growing', exhaustedAt: null });
  const young = await newRoot(api, ['45.96.0.0/24']);
  expect(await api.expect(200, 'GET', `/v1/pools/${young.id}/forecast`)).toMatchObject({ reason: 'not-enough-data', basis: { from: null, to: null } });
  await allocate(api, young.id, { prefix: '45.96.0.0/24' });
  expect((await api.expect(200, 'GET', `/v1/pools/${young.id}/forecast`)).reason).toBe('exhausted');
});

test('an alarm is raised below one threshold, cleared above another, and does not flap in between', async () => {
  const { api } = controller;
  const pool = await newRoot(api, ['45.96.0.0/24'], { policy: { alarms: { ipv4: { raiseBelowFree: '25%', clearAboveFree: '128' } } } }).catch(() => undefined);
  expect(pool, 'thresholds of two kinds').toBeUndefined();
  const watched = await newRoot(api, ['45.96.0.0/24'], { policy: { alarms: { ipv4: { raiseBelowFree: '25%', clearAboveFree: '50%' } } } });
  const list = async (query = ''): Promise<{ id: string; state: string; freeAtRaise: string; freeAtClear: string | null }[]> => (await api.expect(200, 'GET', `/v1/alarms?poolId=${watched.id}${query}`)).items;
  // What it shows may be of some seconds ago.
  const gauge = (value: string): Promise<void> => eventually(async () => expect((await api.get('/metrics')).body).toContain(`casm_pool_alarm{pool="${watched.id}",family="ipv4"} ${value}\n`));
  const judge = (): Promise<void> => at(new Date(), judgeAlarms);

  const large = await allocate(api, watched.id, { prefix: '45.96.0.0/25' });
  const medium = await allocate(api, watched.id, { prefix: '45.96.0.128/26' });
  await judge();
  expect(await list()).toEqual([]);
  await gauge('0');
  let small = await allocate(api, watched.id, { prefix: '45.96.0.192/32' });
  await judge();
  expect(await list()).toMatchObject([{ state: 'raised', freeAtRaise: '63', freeAtClear: null }]);
  await gauge('1');
  for (let round = 0; round < 4; round += 1) {
    await api.expect(200, 'DELETE', `/v1/allocations/${small.id}`);
    await judge();
    small = await allocate(api, watched.id, { prefix: '45.96.0.192/32' });
    await judge();
  }
  expect(await list()).toHaveLength(1);
  await api.expect(200, 'DELETE', `/v1/allocations/${large.id}`);
  await judge();
  expect(await list('&state=cleared')).toMatchObject([{ freeAtRaise: '63', freeAtClear: '191' }]);
  await gauge('0');
  expect(await list('&state=raised')).toEqual([]);
  expect(await list(`&since=${new Date(Date.now() + hour).toISOString()}`)).toEqual([]);

  const [alarm] = await list();
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${alarm?.id}`);
  expect(items.map((entry: { before: { state: string } | null; after: { state: string } }) => [entry.before?.state, entry.after.state])).toEqual([['raised', 'cleared'], [undefined, 'raised']]);
  expect(medium.prefix).toBe('45.96.0.128/26');
});

test('thresholds that are taken away take the alarm with them, and a child inherits them', async () => {
  const { api } = controller;
  const alarms = { ipv4: { raiseBelowFree: '256', clearAboveFree: '512' } };
  const pool = await newRoot(api, ['45.96.0.0/24'], { policy: { alarms } });
  await allocate(api, pool.id, { prefix: '45.96.0.0/32' });
  const child = await newChild(api, pool.id, { carve: [{ family: 'ipv4', prefixLength: 26 }] });
  expect(child.policy.alarms).toEqual({ ...alarms, ipv6: null });
  await at(new Date(), judgeAlarms);
  const raised = async (id: string): Promise<number> => (await api.expect(200, 'GET', `/v1/alarms?poolId=${id}&state=raised`)).items.length;
  expect([await raised(pool.id), await raised(child.id)]).toEqual([1, 1]);
  await api.expect(200, 'PATCH', `/v1/pools/${pool.id}`, { body: { policy: { alarms: { ipv4: null } } } });
  await api.expect(204, 'DELETE', `/v1/pools/${child.id}`);
  await at(new Date(), judgeAlarms);
  expect([await raised(pool.id), await raised(child.id)]).toEqual([0, 0]);
});

test('a time is one that can be kept', async () => {
  const { api } = controller;
  for (const since of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) await api.problem('invalid-request', 'GET', `/v1/alarms?since=${since}`);
  await api.expect(200, 'GET', '/v1/alarms?since=0001-01-01T00:00:00Z');
});
