/**
 * What is no HTTP request, or never becomes a whole one, reaches no route, no hook and no filter. It is answered here with a
 * problem like everything else, as long as it still can be.
 */
import { maxHeaderSize, STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import { CasmError } from '../model/errors.js';
import { problemOf } from './problem.filter.js';

export function answerUnreadable(error: ConnectionError, socket: Socket, requestId: string): void {
  if (socket.writable && !isAnswered(socket)) {
    const problem = problemOf(requestId, refusalOf(error));
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'x-content-type-options: nosniff',
      'cache-control: no-store',
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy();
}

/** Of what was asked while its body was still on the way, the answer may have begun: another in the middle of it would be taken for a part. */
function isAnswered(socket: Socket & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

function refusalOf(error: Pick<ConnectionError, 'code' | 'message'>): CasmError {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new CasmError('request-timeout', 'the request did not come to its end in time: send it again');
    case 'HPE_HEADER_OVERFLOW':
      return new CasmError('invalid-request', `the address and the headers are larger than ${maxHeaderSize} bytes together`);
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new CasmError('body-too-large', 'the body has chunk extensions larger than this controller takes: send it without');
    default:
      return new CasmError('invalid-request', `this is no HTTP request: ${error.message}`);
  }
}
