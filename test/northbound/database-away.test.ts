import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { startController, type RunningController } from '../../src/controller.js';
import { PoolTurns } from '../../src/operations/allocations/pool-turns.js';
import { Hall } from '../../src/operations/hall.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { Api } from '../support/api.js';
import { adminToken, eventually, secretKey } from '../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { databaseLine, type DatabaseLine } from './database-line.js';
import { allocate, newDevice, newRoot, withConnection } from './plan.js';
import { PushTarget } from './push-target.js';
import { pullingDevice } from '../southbound/devices.js';

let database: TestDatabase;
let line: DatabaseLine;
let running: RunningController;
let api: Api;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  line = await databaseLine(database.url);
  running = await startController({ databaseUrl: line.url, databaseConnections: 6, host: '127.0.0.1', port: 0, adminToken, secretKey, migrate: false, workers: 2, historyYears: 7, logLevel: 'error' });
  api = new Api(running.url, adminToken);
});
afterAll(async () => {
  await running.stop();
  await line.cut();
  await database.drop();
});

test('while the database is away it says so, and all goes on when it is back', async () => {
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await newDevice(api, root.spaceId, { adapter: 'in-memory' });
  const puller = await pullingDevice(api);
  const waiting = puller.pull('1', 20);

  await line.cut();
  expect(await api.as(null).expect(200, 'GET', '/healthz')).toEqual({ status: 'ok' });
  expect(await api.as(null).expect(503, 'GET', '/readyz')).toMatchObject({ status: 'not-ready', checks: { database: 'cannot be reached' } });
  for (const [method, path, body] of [['GET', '/v1/pools'], ['POST', '/v1/allocations', { poolId: root.id, prefixLength: 28, holder: 'h', service: 's' }]] as const) {
    const answer = await api.ask(method, path, { body });
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([503, 'not-ready', '2']);
    expect(JSON.stringify(answer.body)).not.toContain('127.0.0.1');
  }
  expect([200, 503]).toContain((await waiting).status);

  await line.mend();
  await eventually(() => api.as(null).expect(200, 'GET', '/readyz'));
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  await eventually(async () => expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('active'));
  // Waiting pulls are woken again, too: by notice, well before a device would look by itself.
  await eventually(async () => {
    const { revision } = (await puller.pull()).body;
    const woken = puller.pull(revision, 20);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await allocate(api, puller.pool.id, { prefixLength: 30, deviceId: puller.device.id });
    const begun = performance.now();
    expect((await woken).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

test('a delivery that loses the database in the middle is made again when it is back', async () => {
  const target = new PushTarget();
  await target.start();
  try {
    const root = await newRoot(api, ['45.96.0.0/24']);
    const device = await newDevice(api, root.spaceId, { adapter: 'http', endpoint: target.endpoint, credentials: { secret: 's' } });
    const state = async (): Promise<string> => (await api.expect(200, 'GET', `/v1/deliveries?deviceId=${device.id}`)).items[0].state;
    await eventually(async () => expect(await state()).toBe('settled'));
    target.pause = () => line.cut();
    const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
    await eventually(async () => expect(target.received.at(-1)?.ranges).toMatchObject([{ id: made.id }]));
    target.pause = () => Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await line.mend();
    await eventually(async () => expect(await state()).toBe('settled'));
    expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('active');
    await eventually(() => api.as(null).expect(200, 'GET', '/readyz'));
  } finally {
    await target.stop();
  }
});

test('requests that share a turn do not try one by one where no connection is to be had', async () => {
  const root = await newRoot(api, ['45.96.0.0/24']);
  const own = await databaseLine(database.url);
  const source = await createDataSource(own.url, 2).initialize();
  const turns = new PoolTurns(new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7));
  const ask = (): Promise<unknown> => turns.allocate({ operation: 'allocatePrefix', actor: { tokenId: null, name: 'test', role: 'admin' }, requestId: 'test' }, { poolId: root.id, prefixLength: 32, holder: 'h', service: 's' });
  const turnedAway = own.turnAway();
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, ask));
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(40);
  // At most one for the request that came first, and one for the turn of all the others.
  expect(turnedAway()).toBeLessThanOrEqual(2);
  await own.mend();
  await ask();
  await source.destroy();
  await own.cut();
});

test('what the database ends, since it took too long, is told at once to all who shared its turn', async () => {
  const root = await newRoot(api, ['45.96.0.0/24']);
  const url = new URL(database.url);
  url.searchParams.set('options', '-c lock_timeout=500');
  const hasty = await startController({ databaseUrl: url.href, databaseConnections: 6, host: '127.0.0.1', port: 0, adminToken, secretKey, migrate: false, workers: 2, historyYears: 7, logLevel: 'error' });
  const client = new Api(hasty.url, adminToken);
  try {
    const answers = await withConnection(database, async (other) => {
      await other.query('begin');
      await other.query('select from pools where id = $1 for no key update', [root.id]);
      const began = performance.now();
      const asked = await Promise.all(Array.from({ length: 20 }, () => client.post('/v1/allocations', { poolId: root.id, prefixLength: 32, holder: 'h', service: 's' })));
      // The turn of the first, and that of all the others: one by one it would be ten seconds.
      expect(performance.now() - began).toBeLessThan(5_000);
      return asked;
    });
    expect(new Set(answers.map((answer) => [answer.status, answer.body.code, answer.headers.get('retry-after')].join()))).toEqual(new Set(['503,not-ready,2']));
    await allocate(client, root.id, { prefixLength: 32 });
  } finally {
    await hasty.stop();
  }
});
