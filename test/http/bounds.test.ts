/** What is bounded: how long a sender may take, and how many may stand in a queue. The bounds here are small ones. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminToken, startTestController, type TestController } from '../support/controller.js';
import { lockWaits } from '../support/lock-waits.js';
import { sent } from '../support/wire.js';
import { allocationOf, newRoot, withConnection } from '../northbound/plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController({ longestQueue: 2, headersTimeout: 500, requestTimeout: 1_500, connectionsCheckingInterval: 50 });
});
afterAll(() => controller.stop());

const post = `POST /v1/spaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\ncontent-type: application/json\r\n`;

test.each([
  ['a head that never ends', `${post}x: `, 'x'],
  ['a body that never comes', `${post}content-length: 100\r\n\r\n`, ''],
  ['a body that comes drop by drop', `${post}content-length: 100000\r\n\r\n`, ' '],
  ['a body without end', `${post}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
])('%s is cut off', async (_, head, drop) => {
  const answer = await sent(controller.api.url, head, drop);
  expect([answer.status, answer.body.code]).toEqual([408, 'request-timeout']);
  expect((await controller.api.get('/healthz')).status).toBe(200);
});

test('who takes less time than that is served, and a connection may be kept', async () => {
  const { hostname, port } = new URL(controller.api.url);
  const body = '{"name":"in two parts"}';
  const answered = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${post}content-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`));
    setTimeout(() => socket.write(body.slice(5)), 600);
    socket.on('error', reject);
    socket.on('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
  });
  expect(answered).toMatch(/^HTTP\/1\.1 201 /);
});

test('a queue that is full is 429 busy with Retry-After, and those who stand in it are served', async () => {
  const { api, database } = controller;
  const pool = await newRoot(api, ['45.96.0.0/24']);
  const ask = (): ReturnType<typeof api.post> => api.post('/v1/allocations', allocationOf(pool.id, { prefixLength: 28 }));
  const answers = await withConnection(database, async (other) => {
    await other.query('begin');
    await other.query('select from pools where id = $1 for update', [pool.id]);
    const first = ask();
    // It has the pool's turn before anybody else comes, and waits for the row in it.
    await lockWaits(database, 1);
    const others = Array.from({ length: 4 }, ask);
    const refused = await Promise.any(others.map(async (other) => ((await other).status === 429 ? other : Promise.reject(new Error('not refused')))));
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(refused.body).toMatchObject({ code: 'busy', detail: expect.stringContaining('2 requests wait') });
    await other.query('rollback');
    return Promise.all([first, ...others]);
  });
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 429, 429]);
  expect((await ask()).status).toBe(201);
});
