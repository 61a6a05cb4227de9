/** Whatever is sent to an operation, it answers within the contract, and never that something went wrong on our side. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allOperations, type ContractOperation } from '../../src/contract/contract.js';
import { Api } from '../support/api.js';
import { startTestController, type TestController } from '../support/controller.js';
import { contractFiles, operationsOf, target, type Node } from './contract-files.js';
import { fromSchema } from './from-schema.js';
import { anyJson, hostileId, hostilePrefix, hostileText } from './hostile.js';
import { everyHostileText, goodRequest, nearMiss, type KnownIds } from './near-miss.js';

const seed = 20_140_701;
const numRuns = 30;

let controller: TestController;
let device: Api;
const known: string[] = [];
let ids: KnownIds;

beforeAll(async () => {
  controller = await startTestController();
  const { api } = controller;
  const space = await api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
  const pool = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId: space.id, name: 'root', prefixes: ['45.96.0.0/16', '2a0e:b100::/32'] } });
  const domains = [{ name: 'residential-ipv4', poolId: pool.id, family: 'ipv4', prefixLength: 24, holder: 'retail', service: 'internet' }];
  const bng = await api.expect(201, 'POST', '/v1/devices', { body: { name: 'bng', kind: 'bng', adapter: 'pull', spaceId: space.id, domains } });
  // Changes are tried on another one, since the first is who speaks at the southbound door.
  const other = await api.expect(201, 'POST', '/v1/devices', { body: { name: 'other', kind: 'bng', adapter: 'pull', spaceId: space.id } });
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'bng', role: 'device', deviceId: bng.id } });
  const allocation = await api.expect(201, 'POST', '/v1/allocations', { body: { poolId: pool.id, family: 'ipv4', prefixLength: 24, holder: 'retail', service: 'internet', deviceId: bng.id } });
  const sibling = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId: space.id, name: 'sibling', prefixes: ['45.97.0.0/24'], policy: { quarantineSeconds: 86_400 } } });
  const resting = await api.expect(201, 'POST', '/v1/allocations', { body: { poolId: sibling.id, prefixLength: 28, holder: 'retail', service: 'internet' } });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  const quota = await api.expect(201, 'POST', '/v1/quotas', { body: { holder: 'bounded', ipv4Addresses: '256' } });
  ids = { space: space.id, pool: pool.id, device: other.id, allocation: allocation.id, resting: resting.id, sibling: sibling.id, quota: quota.id };
  known.push(...Object.values(ids));
  device = api.as(token);
});
afterAll(() => controller.stop());

const apiFor = (operation: ContractOperation): Api => (operation.role === 'device' ? device : controller.api);

/** Random values are made late: the ids that exist are known only once the controller runs. */
const late = <T>(make: () => fc.Arbitrary<T>): fc.Arbitrary<T> => fc.constant(null).chain(make);
const existing = late(() => fc.constantFrom(...known));

function pathOf(operation: ContractOperation): fc.Arbitrary<string> {
  const id = fc.oneof({ weight: 3, arbitrary: existing }, { weight: 1, arbitrary: hostileId.map((text) => encodeURIComponent(text || 'x')) });
  return id.map((one) => operation.path.replace(/\{[^}]+\}/g, one));
}

async function check(operation: ContractOperation, path: string, options: { body?: string; headers?: Record<string, string> }): Promise<void> {
  // Validated against the contract by the client itself.
  const answer = await apiFor(operation).ask(operation.method, path, options);
  expect(answer.status, `${operation.id} ${path} ${JSON.stringify(options).slice(0, 1000)}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
}

/** As text, so that what is no object is sent as well. */
function json(body: unknown, once = false): { body: string; headers: Record<string, string> } {
  return { body: JSON.stringify(body) ?? 'null', headers: { 'content-type': 'application/json', ...(once ? { 'idempotency-key': randomUUID() } : {}) } };
}

const schemas = new Map<string, { document: Node; schema: Node }>();
for (const file of contractFiles) {
  for (const { operation } of operationsOf(file)) {
    const body = (operation['requestBody'] as { content: Record<string, { schema: Node }> } | undefined)?.content['application/json'];
    if (body !== undefined) schemas.set(String(operation['operationId']), { document: file.document, schema: body.schema });
  }
}

// A device that is gone would take its token with it, and a deleted bootstrap token all the others.
const kept = new Set(['deleteDevice', 'deleteToken']);
const fuzzed = allOperations.filter((operation) => !kept.has(operation.id));

describe.each(fuzzed.filter((operation) => schemas.has(operation.id)).map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
  const { document, schema } = schemas.get(id) as { document: Node; schema: Node };

  const ownPath = (): string => operation.path.replace('{poolId}', ids.pool).replace('{deviceId}', ids.device).replace('{quotaId}', ids.quota).replace('{allocationId}', id === 'releaseQuarantine' ? ids.resting : ids.allocation);

  test('a good request is taken, and with one or two things wrong it is still answered', async () => {
    const { status, body: answer } = await apiFor(operation).ask(operation.method, ownPath(), { body: goodRequest(id, ids) });
    expect(status, JSON.stringify(answer)).toBe(operation.successStatus);
    const bodies = late(() => nearMiss(id, ids));
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), (body, once) => check(operation, ownPath(), json(body, once))),
      { numRuns: numRuns * 2, seed },
    );
  }, 60_000);

  test('every text of a good request, exchanged for every hostile one', async () => {
    for (const body of everyHostileText(id, ids)) await check(operation, ownPath(), json(body));
  }, 60_000);

  test('bodies that are nearly right', async () => {
    const bodies = late(() => fromSchema(document, variant(document, schema), known));
    await fc.assert(
      fc.asyncProperty(pathOf(operation), bodies, fc.boolean(), (path, body, once) => check(operation, path, json(body, once))),
      { numRuns, seed },
    );
  }, 60_000);

  test('bodies that are anything', async () => {
    await fc.assert(
      fc.asyncProperty(pathOf(operation), anyJson, (path, body) => check(operation, path, json(body))),
      { numRuns, seed },
    );
  }, 60_000);

  test.each(['{', '[', '"', '\u0000', '{"a":1}{}', 'true', 'nul', '{"name":1e999}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])('octets that are no request, %#', async (text) => {
    const headersOnce: Record<string, string>[] = [{}, { 'idempotency-key': randomUUID() }];
    for (const headers of headersOnce) await check(operation, operation.path.replace(/\{[^}]+\}/g, known[1] ?? ''), { body: text, headers: { 'content-type': 'application/json', ...headers } });
  });
});

/** The pool request has three forms; which of them is meant cannot be drawn from its properties alone. */
function variant(document: Node, schema: Node): Node {
  const whole = typeof schema['$ref'] === 'string' ? (target(document, schema['$ref']) as Node) : schema;
  const [form] = (whole['oneOf'] as Node[] | undefined) ?? [];
  const wanted = [...((whole['required'] as string[] | undefined) ?? []), ...((form?.['required'] as string[] | undefined) ?? [])];
  return { ...whole, required: wanted };
}

const needsMore = new Set(['pullDocument', 'exportPools', 'exportAllocations', 'listHistory']);

/** What was written is read again: a value that could be stored and not be answered would show here. */
test('every list can still be read, whole', async () => {
  for (const operation of allOperations.filter((one) => one.method === 'GET' && !one.path.includes('{') && !needsMore.has(one.id))) {
    const limit = operation.parameters.some((parameter) => parameter.name === 'limit') ? '?limit=1000' : '';
    await controller.api.expect(200, 'GET', `${operation.path}${limit}`);
  }
});

describe.each(fuzzed.filter((operation) => operation.parameters.length > 0).map((operation) => [operation.id, operation] as const))('%s', (_, operation) => {
  const names = operation.parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name);

  test('queries and headers', async () => {
    const value = fc.oneof(hostileText.map((text) => text.toWellFormed()), hostilePrefix, hostileId, existing, fc.constantFrom('0', '-1', '1e3', '9'.repeat(30), 'ipv4', 'a=b', 'a=\u0000', '=', 'active', 'OTk5OTk5OTk5OTk5OTk5OTk5OQ'));
    const query = fc.array(fc.tuple(fc.constantFrom(...names, 'limit', 'unknown'), value), { maxLength: 3 });
    const header = fc.constantFrom<Record<string, string>>({}, { 'if-match': '"1"' }, { 'if-match': 'W/"1"' }, { 'if-match': '*' }, { 'idempotency-key': 'k'.repeat(256) }, { 'idempotency-key': '' }, { 'if-none-match': '*' }, { prefer: 'wait=0' }, { prefer: 'wait=61' }, { accept: 'text/html' });
    await fc.assert(
      fc.asyncProperty(pathOf(operation), query, header, (path, pairs, headers) => check(operation, pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`, { headers })),
      { numRuns, seed },
    );
  }, 60_000);

  test.each(names)('%s alone', async (name) => {
    const value = fc.oneof(hostileText.map((text) => text.toWellFormed()), hostilePrefix, hostileId);
    await fc.assert(
      fc.asyncProperty(value, (text) => check(operation, `${operation.path.replace(/\{[^}]+\}/g, known[1] ?? '')}?${new URLSearchParams({ [name]: text }).toString()}`, {})),
      { numRuns: numRuns / 2, seed },
    );
  });
});

test('after all of this nothing leaks', async () => {
  const integrity = await controller.api.expect(200, 'GET', '/v1/integrity');
  expect(integrity.findings).toEqual([]);
});
