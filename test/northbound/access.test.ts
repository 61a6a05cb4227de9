/** Who may do what, for every operation of both contracts: by the role the contract names, and never without a token. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allOperations, type ContractOperation } from '../../src/contract/contract.js';
import type { Role } from '../../src/model/token.js';
import { adminToken, startTestController, type TestController } from '../support/controller.js';

const roles: readonly Role[] = ['viewer', 'operator', 'admin', 'device'];
const mayDo: Record<Role | 'public', readonly Role[]> = { viewer: ['viewer', 'operator', 'admin'], operator: ['operator', 'admin'], admin: ['admin'], device: ['device'], public: roles };

let controller: TestController;
let tokens: Record<Role, string>;
let deviceId: string;

async function newToken(role: Role): Promise<{ id: string; token: string }> {
  return controller.api.expect(201, 'POST', '/v1/tokens', { body: { name: `${role} ${randomUUID()}`, role, ...(role === 'device' ? { deviceId } : {}) } });
}

beforeAll(async () => {
  controller = await startTestController();
  const space = await controller.api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
  const device = await controller.api.expect(201, 'POST', '/v1/devices', { body: { name: 'bng', kind: 'bng', adapter: 'pull', spaceId: space.id } });
  deviceId = device.id;
  tokens = Object.fromEntries(await Promise.all(roles.map(async (role) => [role, (await newToken(role)).token]))) as Record<Role, string>;
});
afterAll(() => controller.stop());

/** The operation on something that is not there, with no body: whoever gets past the door is told so. */
function knock(operation: ContractOperation, token: string | null, headers: Record<string, string> = {}): Promise<{ status: number; body: { code?: string; detail?: string }; headers: Headers }> {
  return controller.api.ask(operation.method, operation.path.replace(/\{[^}]+\}/g, randomUUID()), { token, headers });
}

const closed = allOperations.filter((operation) => operation.role !== 'public');

describe.each(closed.map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  test('is closed to whoever has no token, or none that is known', async () => {
    for (const answer of [
      await knock(operation, null),
      await knock(operation, 'casm_garbage'),
      await knock(operation, `${adminToken}x`),
      await knock(operation, adminToken.slice(0, -1)),
      await knock(operation, null, { authorization: `Basic ${Buffer.from(`admin:${adminToken}`).toString('base64')}` }),
      await knock(operation, null, { authorization: adminToken }),
      await knock(operation, null, { authorization: 'Bearer' }),
      await knock(operation, null, { authorization: `Bearer ${'x'.repeat(2000)}` }),
      await knock(operation, null, { authorization: `Bearer ${adminToken} ${adminToken}` }),
      await knock(operation, null, { 'x-api-key': adminToken, cookie: `token=${adminToken}` }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(JSON.stringify(answer.body)).not.toContain(adminToken);
    }
  });

  test.each(roles)('for the role %s it is as the contract says', async (role) => {
    const { status, body } = await knock(operation, tokens[role]);
    if (!mayDo[operation.role].includes(role)) expect([status, body.code]).toEqual([403, 'forbidden']);
    else expect([401, 403], JSON.stringify(body)).not.toContain(status);
  });
});

test.each(allOperations.filter((operation) => operation.role === 'public').map((operation) => [operation.id, operation] as const))('%s is open to all, whatever token they bring', async (_, operation) => {
  for (const token of [null, 'casm_garbage', tokens.viewer, tokens.device]) expect((await knock(operation, token)).status).toBe(200);
});

const listPools = (token: string): Promise<number> => controller.api.ask('GET', '/v1/pools', { token }).then((answer) => answer.status);

test('a token that was deleted is over at once', async () => {
  const { id, token } = await newToken('viewer');
  expect(await listPools(token)).toBe(200);
  await controller.api.expect(204, 'DELETE', `/v1/tokens/${id}`);
  expect(await listPools(token)).toBe(401);
  await controller.api.problem('token-not-found', 'DELETE', `/v1/tokens/${id}`);
});

test('a token ends at its time, by the clock of the database', async () => {
  const expiresAt = new Date(Date.now() + 2_000).toISOString();
  const { token } = await controller.api.expect(201, 'POST', '/v1/tokens', { body: { name: 'short', role: 'viewer', expiresAt } });
  expect(await listPools(token)).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  expect(await listPools(token)).toBe(401);
});

test('a device\'s token ends with the device, and is for no other door', async () => {
  const { spaceId } = await controller.api.expect(200, 'GET', `/v1/devices/${deviceId}`);
  const device = await controller.api.expect(201, 'POST', '/v1/devices', { body: { name: 'bng-2', kind: 'bng', adapter: 'pull', spaceId } });
  const { token } = await controller.api.expect(201, 'POST', '/v1/tokens', { body: { name: 'bng-2', role: 'device', deviceId: device.id } });
  expect((await controller.api.ask('GET', '/southbound/v1/document', { token })).body.device).toBe(device.id);
  await controller.api.expect(204, 'DELETE', `/v1/devices/${device.id}`);
  expect((await controller.api.ask('GET', '/southbound/v1/document', { token })).status).toBe(401);
});

test('callers who come at the same moment are not taken for one another', async () => {
  const callers = Array.from({ length: 60 }, (_, at) => {
    const role = roles[at % 4] as Role;
    return at % 5 === 4 ? { role: null, token: `casm_garbage${at}` } : { role, token: tokens[role] };
  });
  const statuses = await Promise.all(callers.map(({ token }) => controller.api.ask('GET', '/v1/tokens', { token }).then((answer) => answer.status)));
  expect(statuses).toEqual(callers.map(({ role }) => (role === null ? 401 : role === 'admin' ? 200 : 403)));
});

test('a secret is shown once, and is nowhere else: not in lists, not in the audit, not in the database', async () => {
  const { id, token } = await newToken('operator');
  const lists = [await controller.api.expect(200, 'GET', '/v1/tokens?limit=1000'), await controller.api.expect(200, 'GET', `/v1/audit?resourceId=${id}`)];
  expect(JSON.stringify(lists)).toContain(id);
  expect(JSON.stringify(lists)).not.toContain(token);
  const rows = [await controller.database.query('select * from tokens'), await controller.database.query('select * from audit')];
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(JSON.stringify(rows)).not.toContain(adminToken);
});

test('what was refused at the door has changed nothing and is not audited', async () => {
  const before = await controller.database.query<{ count: string }>('select count(*) from audit');
  await controller.api.ask('POST', '/v1/spaces', { body: { name: 'not to be' }, token: tokens.operator });
  await controller.api.ask('POST', '/v1/spaces', { body: { name: 'not to be' }, token: null });
  expect(await controller.database.query('select count(*) from audit')).toEqual(before);
  expect(await controller.database.query(`select from spaces where name = 'not to be'`)).toEqual([]);
});
