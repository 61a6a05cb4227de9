/** What is no HTTP request is refused with a problem, though no route and no filter ever hears of it. */
import { maxHeaderSize } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminToken, startTestController, type TestController } from '../support/controller.js';
import { sent } from '../support/wire.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const head = (...fields: string[]): string => ['GET /v1/spaces HTTP/1.1', 'connection: close', ...fields, '', ''].join('\r\n');
const body = `POST /v1/spaces HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;

test.each([
  ['what is another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'invalid-request', /no HTTP request/],
  ['a method that there is not', 'SNATCH / HTTP/1.1\r\nhost: x\r\n\r\n', 'invalid-request', /no HTTP request/],
  ['an address with a space in it', 'GET /v1 /spaces HTTP/1.1\r\nhost: x\r\n\r\n', 'invalid-request', /no HTTP request/],
  ['two lengths of one body', head('host: x', 'content-length: 1', 'content-length: 2'), 'invalid-request', /no HTTP request/],
  ['a header without a name', head('host: x', ': y'), 'invalid-request', /no HTTP request/],
  ['chunks without a length', `${body}x\r\n`, 'invalid-request', /no HTTP request/],
  ['chunk extensions without end', `${body}2;${'x'.repeat(20_000)}`, 'body-too-large', /chunk extensions/],
  ['a header that is too large', head('host: x', `x: ${'y'.repeat(maxHeaderSize)}`), 'invalid-request', /16384 bytes/],
  ['an address that is too long', `GET /v1/spaces?name=${'x'.repeat(maxHeaderSize)} HTTP/1.1\r\nhost: x\r\n\r\n`, 'invalid-request', /16384 bytes/],
  ['no host', head(), 'invalid-request', /Host/],
  ['a parameter that is too long', `GET /v1/pools/${'x'.repeat(200)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, 'invalid-request', /address/],
])('%s', async (_, octets, code, detail) => {
  const answer = await sent(controller.api.url, octets);
  expect(answer.body).toMatchObject({ code, detail: expect.stringMatching(detail), requestId: answer.headers.get('x-request-id') });
  expect(answer.status).toBe(answer.body.status);
  expect((await controller.api.get('/healthz')).status).toBe(200);
});

test('an expectation that nobody knows changes nothing', async () => {
  const answer = await sent(controller.api.url, head('host: x', 'expect: miracles'));
  expect(answer.body.code).toBe('unauthorized');
});

test('a request that has been answered is not answered again', async () => {
  // Its body turns out to be broken when 401 has been said already.
  const answer = await sent(controller.api.url, `POST /v1/spaces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n`, 'x');
  expect(answer.body.code).toBe('unauthorized');
});
