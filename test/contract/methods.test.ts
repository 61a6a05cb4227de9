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
function raw(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<RawAnswer> {
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

test.each(['/v1/pools/%zz', '/v1/pools/%', '/%c0%ae', '/v1/pools/%00', `/v1/pools/${'x'.repeat(500)}`, '/v1/pools/..', '/v1/pools/%2f', '/v1/pools/..%2f..%2f', '/v1/pools?limit=%zz', '/v1/pools?%', '/v1/pools?__proto__=1', '/v1/pools?a[b]=c', '/v1/pools?limit=1&limit=2'])('hostile address, %#', async (path) => {
  const answer = await raw('GET', path);
  expect(answer.status, answer.body).toBeGreaterThanOrEqual(400);
  expect(answer.status, answer.body).toBeLessThan(500);
  expectProblem(answer, path);
});

describe('bodies', () => {
  const post = (body: string, headers: Record<string, string>): Promise<RawAnswer> => raw('POST', '/v1/spaces', headers, body);

  test.each([
    ['of another type', '<a/>', { 'content-type': 'application/xml' }, 415],
    ['of no type', '{"name":"x"}', {}, 415],
    ['of a type that is none', '{"name":"x"}', { 'content-type': 'garbage' }, 415],
    ['of the type of imports', '{"name":"x"}', { 'content-type': 'text/plain' }, 415],
    ['that are cut off', '{"name":', { 'content-type': 'application/json' }, 400],
    ['that are not there', '', { 'content-type': 'application/json' }, 400],
    ['in another character set', '\u00ff\u00fe', { 'content-type': 'application/json; charset=utf-16' }, 400],
    ['too large', `{"name":"${'x'.repeat(5 * 1024 * 1024)}"}`, { 'content-type': 'application/json' }, 413],
    ['packed', 'x', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 400],
  ] as const)('%s are refused', async (_, body, headers, status) => {
    const answer = await post(body, headers);
    expectProblem(answer, answer.body);
    expect(answer.status, answer.body).toBe(status);
  });

  test('with a parameter on their type are taken', async () => {
    expect((await post('{"name":"with-charset"}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
    expect((await post('{"name":"in-capitals"}', { 'content-type': 'Application/JSON' })).status).toBe(201);
  });
});

test('a request id is kept when it is safe, and replaced when it is not', async () => {
  expect((await raw('GET', '/healthz', { 'x-request-id': 'order-66' })).headers['x-request-id']).toBe('order-66');
  for (const unsafe of ['has a space', 'x'.repeat(129), 'é']) {
    const kept = (await raw('GET', '/healthz', { 'x-request-id': Buffer.from(unsafe).toString('latin1') })).headers['x-request-id'];
    expect(kept).toMatch(/^[0-9a-f-]{36}$/);
  }
});
