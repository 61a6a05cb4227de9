/** Every code of the contract's closed list is provoked here, once, by what really happens; a new code without a row fails. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { northbound } from '../../src/contract/contract.js';
import { startController } from '../../src/controller.js';
import { CasmError, type ErrorCode } from '../../src/model/errors.js';
import { PoolTurns } from '../../src/operations/allocations/pool-turns.js';
import { Hall } from '../../src/operations/hall.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { pullingDevice, type PullingDevice } from '../southbound/devices.js';
import { Api, type ApiAnswer } from '../support/api.js';
import { adminToken, secretKey, startTestController, type TestController } from '../support/controller.js';
import { sent } from '../support/wire.js';
import { createTestDatabase } from '../support/database.js';
import { databaseLine } from './database-line.js';
import { allocate, allocationOf, newDevice, newRoot, nowhere, unique, type Allocation, type Pool } from './plan.js';

let controller: TestController;
let api: Api;
let pool: Pool;
let taken: Allocation;
let one: PullingDevice;
let other: PullingDevice;
beforeAll(async () => {
  controller = await startTestController();
  ({ api } = controller);
  pool = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  taken = await allocate(api, pool.id, { prefix: '45.96.0.0/28' });
  [one, other] = [await pullingDevice(api), await pullingDevice(api)];
});
afterAll(() => controller.stop());

const pools = (body: object): Promise<ApiAnswer> => api.post('/v1/pools', { name: unique('pool'), ...body });
const allocations = (more: object): Promise<ApiAnswer> => api.post('/v1/allocations', allocationOf(pool.id, more));
const devices = (more: object): Promise<ApiAnswer> => api.post('/v1/devices', { name: unique('device'), kind: 'bng', adapter: 'pull', spaceId: pool.spaceId, ...more });
const releases = (range: string, prefix: string): Promise<ApiAnswer> => one.door.post('/southbound/v1/releases', { range, prefix });
const raw = (body: string, type: string): Promise<ApiAnswer> => api.ask('POST', '/v1/spaces', { body, headers: { 'content-type': type } });

const provocations: Record<ErrorCode, () => Promise<ApiAnswer>> = {
  'allocation-not-found': () => api.get(`/v1/allocations/${nowhere}`),
  'batch-failed': () => api.post('/v1/batches', { mode: 'atomic', items: [{ operation: 'deletePool', path: { poolId: nowhere } }] }),
  'body-too-large': () => raw(JSON.stringify({ name: 'x'.repeat(5 * 1024 * 1024) }), 'application/json'),
  busy: tooMany,
  'certification-refused': () => allocations({ prefixLength: 28, certify: true }),
  'credentials-invalid': () => devices({ adapter: 'http', endpoint: 'http://127.0.0.1:9/', credentials: {} }),
  'device-in-use': async () => {
    const device = await newDevice(api, pool.spaceId);
    await allocate(api, pool.id, { prefixLength: 32, deviceId: device.id });
    return api.delete(`/v1/devices/${device.id}`);
  },
  'device-not-found': () => api.get(`/v1/devices/${nowhere}`),
  'device-unsuitable': () => devices({ adapter: 'rpki' }),
  forbidden: () => one.door.get('/v1/pools'),
  'hold-expired': async () => {
    const hold = await api.expect(201, 'POST', '/v1/holds', { body: { poolId: pool.id, prefixLength: 32, holder: 'retail', seconds: 3600 } });
    await controller.database.query(`update allocations set valid_until = now() where id = $1`, [hold.id]);
    return api.post('/v1/allocations', { holdId: hold.id, holder: 'retail', service: 'internet' });
  },
  'hold-not-found': () => api.get(`/v1/holds/${nowhere}`),
  'idempotency-key-reused': async () => {
    const headers = { 'idempotency-key': unique('key') };
    await api.post('/v1/spaces', { name: unique('space') }, { headers });
    return api.post('/v1/spaces', { name: unique('space') }, { headers });
  },
  'import-invalid': () => api.ask('POST', `/v1/imports?spaceId=${pool.spaceId}`, { body: 'no such file' }),
  'import-not-found': () => api.get(`/v1/imports/${nowhere}`),
  'internal-error': withoutTable,
  'invalid-cursor': () => api.get('/v1/pools?cursor=eA'),
  'invalid-prefix': () => allocations({ prefix: '45.96.0.1/28' }),
  'invalid-request': () => allocations({ prefixLength: 'long' }),
  'length-not-allowed': () => allocations({ prefixLength: 64 }),
  'malformed-body': () => raw('{"name": ', 'application/json'),
  'method-not-allowed': () => api.ask('PUT', '/v1/pools', { body: {} }),
  'name-taken': () => pools({ spaceId: pool.spaceId, name: pool.name, prefixes: ['45.99.0.0/24'] }),
  'not-ready': withoutDatabase,
  'parent-not-found': () => pools({ parentId: nowhere, prefixes: ['45.96.0.0/25'] }),
  'pool-exhausted': () => allocations({ prefixLength: 24 }),
  'pool-in-use': () => api.delete(`/v1/pools/${pool.id}`),
  'pool-mismatch': () => releases(nowhere, '45.96.0.0/28'),
  'pool-not-found': () => api.get(`/v1/pools/${nowhere}`),
  'pool-retiring': async () => {
    const leaving = await newRoot(api, ['45.96.0.0/24']);
    await api.post(`/v1/pools/${leaving.id}/retire`);
    return api.post('/v1/allocations', allocationOf(leaving.id, { prefixLength: 28 }));
  },
  'pool-unsuitable': () => api.post(`/v1/pools/${pool.id}/merge`, { poolIds: [pool.id] }),
  'precondition-failed': () => api.patch(`/v1/pools/${pool.id}`, { labels: {} }, { headers: { 'if-match': '"999"' } }),
  'prefix-not-free': () => allocations({ prefix: taken.prefix }),
  'prefix-outside-pool': () => allocations({ prefix: '45.99.0.0/28' }),
  'prefix-overlap': () => pools({ spaceId: pool.spaceId, prefixes: ['45.96.0.0/16'] }),
  'quota-exceeded': async () => {
    const holder = unique('holder');
    await api.expect(201, 'POST', '/v1/quotas', { body: { holder, ipv4Addresses: '15' } });
    return allocations({ holder, prefixLength: 28 });
  },
  'quota-not-found': () => api.get(`/v1/quotas/${nowhere}`),
  'request-timeout': neverWhole,
  'revision-unknown': () => one.acknowledge('99'),
  'route-not-found': () => api.get('/v1/nothing'),
  'space-not-found': () => pools({ spaceId: nowhere, prefixes: ['45.96.0.0/24'] }),
  'special-purpose': () => pools({ spaceId: pool.spaceId, prefixes: ['10.0.0.0/8'] }),
  'state-conflict': () => api.post(`/v1/allocations/${taken.id}/release-quarantine`, { reason: 'it is not in quarantine' }),
  'subnet-conflict': async () => {
    const theirs = await allocate(api, other.pool.id, { prefixLength: 28, deviceId: other.device.id });
    return releases(theirs.id, theirs.prefix);
  },
  'subnet-mismatch': () => releases(taken.id, '45.96.0.16/28'),
  'token-not-found': () => api.delete(`/v1/tokens/${nowhere}`),
  unauthorized: () => api.as('no-such-token').get('/v1/pools'),
  'unsupported-media-type': () => raw('name: x', 'text/plain'),
  'waiting-request-not-found': () => api.get(`/v1/waiting-requests/${nowhere}`),
};

/** The table is gone under the question: what nobody foresaw tells the caller nothing but where to look. */
async function withoutTable(): Promise<ApiAnswer> {
  await controller.database.query('alter table spaces rename to spaces_away');
  try {
    const answer = await api.get('/v1/spaces');
    expect(JSON.stringify(answer.body)).not.toMatch(/relation|spaces_away|select/);
    return answer;
  } finally {
    await controller.database.query('alter table spaces_away rename to spaces');
  }
}

async function withoutDatabase(): Promise<ApiAnswer> {
  const database = await createTestDatabase(inject('postgresUrl'));
  const line = await databaseLine(database.url);
  const running = await startController({ databaseUrl: line.url, databaseConnections: 4, host: '127.0.0.1', port: 0, adminToken, secretKey, migrate: false, workers: 1, historyYears: 7, logLevel: 'error' });
  await line.cut();
  const answer = await new Api(running.url, adminToken).get('/v1/pools');
  await running.stop();
  await database.drop();
  return answer;
}

/** To those who wait for less than others do. */
async function neverWhole(): Promise<ApiAnswer> {
  const impatient = await startTestController({ headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 20 });
  const answer = await sent(impatient.api.url, 'GET /v1/pools HTTP/1.1\r\n');
  await impatient.stop();
  return answer;
}

/** So many at once are a burden to the machine over HTTP: they meet the real queue of a pool one step behind it. */
async function tooMany(): Promise<ApiAnswer> {
  const source = await createDataSource(controller.database.url, 2).initialize();
  const turns = new PoolTurns(new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), () => nowhere));
  const call = { operation: 'allocatePrefix', actor: { tokenId: null, name: 'test', role: 'admin' }, requestId: 'test' };
  const outcomes = await Promise.allSettled(Array.from({ length: 5_002 }, () => turns.allocate(call, { poolId: nowhere, prefixLength: 28, holder: 'h', service: 's' })));
  await source.destroy();
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' && outcome.reason instanceof CasmError ? outcome.reason.code : 'served'));
  expect(codes.slice(0, 5_001).every((code) => code === 'pool-not-found')).toBe(true);
  return { status: 429, headers: new Headers(), body: { code: codes.at(-1) } };
}

const listed = (northbound.document as unknown as { components: { schemas: { ProblemCode: { enum: ErrorCode[] } } } }).components.schemas.ProblemCode.enum;

test.each(listed)('%s', async (code) => {
  const answer = await provocations[code]();
  expect(answer.body.code).toBe(code);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  if (code !== 'busy') expect(answer.body).toMatchObject({ status: answer.status, type: `/docs/problems#${code}`, requestId: answer.headers.get('x-request-id'), detail: expect.stringMatching(/.{10}/) });
});

test('what a status demands beside the problem is there', async () => {
  expect((await api.as(null).get('/v1/pools')).headers.get('www-authenticate')).toMatch(/^Bearer/);
  expect((await api.ask('PUT', '/v1/pools', { body: {} })).headers.get('allow')).toBe('GET, POST');
  expect((await api.get('/v1/pools/')).body.code).toBe('route-not-found');
  expect((await allocations({ prefixLength: 'long', holder: '' })).body.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual(['/holder', '/prefixLength']);
});
