/** Methods and addresses that no operation has: refused as problems with a request id, and never our own fault. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allOperations, northbound } from '../../src/contract/contract.js';
import { adminToken, startTestController, type TestController } from '../support/controller.js';

const nowhere = '0192f5f0-0000-7000-8000-0000000000ff';
const methods = ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'POST', 'GET', 'TRACE', 'PROPFIND', 'MKCOL', 'SEARCH', 'QUERY', 'PURGE', 'REPORT'];
const paths = [...new Set(allOperations.map((operation) => operation.path.replace(/\{[^}]+\}/g, nowhere)))];

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Sends the path and the method as they are: a client that cleans them up would hide what is asked here. */
function raw(method: string, path: string, headers: Record<string, string> = {}, body: string | Buffer = ''): Promise<RawAnswer> {
  const { hostname, port } = new URL(controller.running.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { authorization: `Bearer ${adminToken}`, ...headers } }, (answer) => {
      text(answer).then((all) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: all }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function expectProblem(answer: RawAnswer, where: string): void {
  expect(answer.headers['x-request-id'], where).toBeTruthy();
  expect(answer.headers['content-type'], `${where}: ${answer.body}`).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
  const schema = northbound.operations[0]?.validateAnswer(answer.status, 'application/problem+json', JSON.parse(answer.body));
  expect(schema, where).toEqual([]);
}

describe.each(paths)('%s', (path) => {
  const known = allOperations.filter((operation) => operation.path.replace(/\{[^}]+\}/g, nowhere) === path).map((operation) => operation.method);

  test('takes its own methods, HEAD as GET, and says of any other which it takes', async () => {
    for (const method of methods) {
      const answer = await raw(method, path);
      expect(answer.status, `${method} ${path}: ${answer.body}`).toBeLessThan(500);
      if (method === 'HEAD') expect(answer.body).toBe('');
      else if (!known.includes(method)) {
        expectProblem(answer, `${method} ${path}`);
        // The server wants a body of QUERY before it looks for a route.
        if (method === 'QUERY') expect([400, 405]).toContain(answer.status);
        else expect([answer.status, answer.headers['allow']?.toString().split(', ').toSorted()], method).toEqual([405, known.toSorted()]);
      }
    }
  });
});

test.each(['/v1', '/v1/', '/v1/pool', '/V1/pools', '/v1/pools/x/y/z', '//v1/pools', '/v1//pools', '/v2/pools', '/southbound', '/southbound/v1', '/favicon.ico', '/.env', '/docs/x', '/v1/pools;a=b', '/%2e%2e/', `/${'x'.repeat(4000)}`])('no address, %#', async (path) => {
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await raw(method, path);
    expectProblem(answer, `${method} ${path}`);
    expect([404, 405], answer.body).toContain(answer.status);
  }
});

test.each(['/v1/pools/%zz', '/v1/pools/%', '/%c0%ae', '/v1/pools/%00', `/v1/pools/${'x'.repeat(500)}`, '/v1/pools/..', '/v1/pools/%2f', '/v1/pools/..%2f..%2f', '/v1/pools?limit=%zz', '/v1/pools?name=%zz', '/v1/pools?name=%ff', '/v1/pools?name=Z%c3', '/v1/pools?labels=a=%ed%a0%80', '/v1/pools?%', '/v1/pools?__proto__=1', '/v1/pools?a[b]=c', '/v1/pools?limit=1&limit=2'])('hostile address, %#', async (path) => {
  const answer = await raw('GET', path);
  expect(answer.status, answer.body).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.body).toBeLessThan(500);
  expectProblem(answer, path);
});

describe('bodies', () => {
  const post = (body: string | Buffer, headers: Record<string, string>): Promise<RawAnswer> => raw('POST', '/v1/spaces', headers, body);

  test.each([
    ['of another type', '<a/>', { 'content-type': 'application/xml' }, 415],
    ['of no type', '{"name":"x"}', {}, 415],
    ['of a type that is none', '{"name":"x"}', { 'content-type': 'garbage' }, 415],
    ['of the type of imports', '{"name":"x"}', { 'content-type': 'text/plain' }, 415],
    ['that are cut off', '{"name":', { 'content-type': 'application/json' }, 400],
    ['that are not there', '', { 'content-type': 'application/json' }, 400],
    ['in another character set', '{"name":"x"}', { 'content-type': 'application/json; charset=utf-16' }, 415],
    ['in another character set, in quotes', '{"name":"x"}', { 'content-type': 'application/json; a=b; charset="ISO-8859-1"' }, 415],
    ['that are no UTF-8', Buffer.from('{"name":"Z\u00fcrich"}', 'latin1'), { 'content-type': 'application/json' }, 400],
    ['that are cut off in a character', Buffer.from('{"name":"Z\u00fc').subarray(0, -1), { 'content-type': 'application/json' }, 400],
    ['that are UTF-16', Buffer.from('{"name":"x"}', 'utf16le'), { 'content-type': 'application/json' }, 400],
    ['too large', `{"name":"${'x'.repeat(5 * 1024 * 1024)}"}`, { 'content-type': 'application/json' }, 413],
    ['packed', 'x', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 415],
    ['packed twice', 'x', { 'content-type': 'application/json', 'content-encoding': 'identity, br' }, 415],
  ] as const)('%s are refused', async (_, body, headers, status) => {
    const answer = await post(body, headers);
    expectProblem(answer, answer.body);
    expect(answer.status, answer.body).toBe(status);
  });

  test('with a parameter on their type are taken', async () => {
    expect((await post('{"name":"with-charset"}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
    expect((await post('{"name":"in-capitals"}', { 'content-type': 'Application/JSON' })).status).toBe(201);
    expect((await post('{"name":"in-quotes"}', { 'content-type': 'application/json; Charset="UTF-8"', 'content-encoding': 'Identity' })).status).toBe(201);
  });

  test('a refusal of the packing says which is taken, and where there is no body nothing is packed', async () => {
    expect((await post('x', { 'content-type': 'application/json', 'content-encoding': 'gzip' })).headers['accept-encoding']).toBe('identity');
    expect((await raw('GET', '/v1/spaces', { 'content-type': 'text/plain; charset=utf-7', 'content-encoding': 'gzip' })).status).toBe(200);
  });

  test.each(['text/csv', 'application/x-ndjson', 'text/plain'])('%s is held to UTF-8 as well', async (type) => {
    const { id } = JSON.parse((await post(`{"name":"for ${type}"}`, { 'content-type': 'application/json' })).body) as { id: string };
    const path = type === 'text/plain' ? `/v1/imports?spaceId=${id}` : `/v1/imports/pools?spaceId=${id}`;
    const answer = await raw('POST', path, { 'content-type': type }, Buffer.from('path,prefixes\n/Z\u00fcrich,45.96.0.0/16\n', 'latin1'));
    expectProblem(answer, answer.body);
    expect(JSON.parse(answer.body).detail).toMatch(/is not UTF-8$/);
    expect((await raw('POST', path, { 'content-type': `${type}; charset=latin1` }, 'x')).status).toBe(415);
  });
});

test.each(['0x10', '1e3', '1e1', ' 5', '5 ', '+5', '5.0', '0b1', '1_0', '٣', ''])('a number is decimal digits: limit=%j is none', async (limit) => {
  const answer = await raw('GET', `/v1/pools?limit=${encodeURIComponent(limit)}`);
  expect(JSON.parse(answer.body)).toMatchObject({ status: 400, code: 'invalid-request', errors: [{ in: 'query', pointer: 'limit', detail: 'must be integer' }] });
});

test('numbers and booleans that are some are taken', async () => {
  for (const query of ['limit=1', 'limit=1000', 'limit=007']) expect((await raw('GET', `/v1/pools?${query}`)).status, query).toBe(200);
  for (const query of ['limit=0', 'limit=-1', 'limit=1001', `limit=${'9'.repeat(30)}`]) expect((await raw('GET', `/v1/pools?${query}`)).status, query).toBe(400);
  const space = (query: string): Promise<RawAnswer> => raw('POST', `/v1/spaces?${query}`, { 'content-type': 'application/json' }, '{"name":"tried"}');
  expect((await space('dryRun=true')).headers['dry-run']).toBe('true');
  for (const query of ['dryRun=1', 'dryRun=True', 'dryRun=yes', 'dryRun=']) expect((await space(query)).status, query).toBe(400);
});

test('a request id is kept when it is safe, and replaced when it is not', async () => {
  expect((await raw('GET', '/healthz', { 'x-request-id': 'order-66' })).headers['x-request-id']).toBe('order-66');
  for (const unsafe of ['has a space', 'x'.repeat(129), 'é']) {
    const kept = (await raw('GET', '/healthz', { 'x-request-id': Buffer.from(unsafe).toString('latin1') })).headers['x-request-id'];
    expect(kept).toMatch(/^[0-9a-f-]{36}$/);
  }
});
