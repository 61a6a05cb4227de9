/** Nobody unknown is listened to for long: what they send is not read before it is asked whose it is. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';

let controller: TestController;

beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

/** The status answered to a request of which only the head and a little of the body is ever sent. */
function beginning(headers: string): Promise<string> {
  const { hostname, port } = new URL(controller.api.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`POST /v1/batches HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n2\r\n{"\r\n`));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.on('data', (data) => {
      resolve(data.toString().split(' ')[1] ?? '');
      socket.destroy();
    });
  });
}

const json = 'content-type: application/json\r\n';

test.each([
  ['a large body', `${json}content-length: 70000`],
  ['a body of unsaid length', `${json}transfer-encoding: chunked`],
  ['a large body with a token that is not known', `${json}authorization: Bearer casm_x\r\ncontent-length: 70000`],
])('%s of a stranger is refused before it has come', async (_, headers) => {
  expect(await beginning(headers)).toBe('401');
});
