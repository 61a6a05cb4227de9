/**
 * The smallest HTTP server an emulator needs: JSON in, JSON out, on the loopback address, with a cap on what it reads.
 * Not for the controller, which has a framework.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabError, reasonOf } from './lab-error.js';

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Handles one request; `body` reads and parses what was sent, at most the server's cap. */
export type JsonHandler = (request: IncomingMessage, body: () => Promise<unknown>) => JsonAnswer | Promise<JsonAnswer>;

export interface JsonServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

class BadBody extends Error {
  constructor(
    readonly status: 400 | 413,
    message: string,
  ) {
    super(message);
  }
}

/** @param port 0 for any free one. @throws LabError when it is taken. */
export async function startJsonServer(port: number, handler: JsonHandler, bodyLimit = 8 * 1024 * 1024): Promise<JsonServer> {
  const server = createServer((request, response) => void answer(request, response, handler, bodyLimit));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: unknown) => {
    throw new LabError(`cannot listen on 127.0.0.1:${port} (${reasonOf(error)})`, { cause: error });
  });
  const taken = (server.address() as AddressInfo).port;
  return {
    port: taken,
    url: `http://127.0.0.1:${taken}`,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, handler: JsonHandler, limit: number): Promise<void> {
  let result: JsonAnswer;
  try {
    result = await handler(request, () => readJson(request, limit));
  } catch (error) {
    result = error instanceof BadBody ? { status: error.status, body: { errors: [error.message] } } : { status: 500, body: { errors: ['internal error'] } };
  }
  const text = `${JSON.stringify(result.body, null, 2)}\n`;
  // What was not read (too much of it, or from a stranger) is not waited for.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(result.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BadBody(413, `the body has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadBody(400, 'the body is not JSON');
  }
}
