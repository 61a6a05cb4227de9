/**
 * An HTTP line between an adapter and its device that can be cut, be left hanging, and lose an answer after the device
 * has acted on the request. Passes everything else on as it is, and tells what it passed.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NetworkLine } from './adapter-contract.js';

export interface PassedRequest {
  readonly method: string;
  readonly body: string;
}

export interface BreakableLine extends NetworkLine {
  readonly url: string;
  readonly passed: PassedRequest[];
  /** Runs before a request is passed on. */
  before: ((request: PassedRequest) => Promise<void>) | null;
  stop(): Promise<void>;
}

/** @param target where the device listens */
export async function startBreakableLine(target: string): Promise<BreakableLine> {
  let state: 'mended' | 'cut' | 'hanging' = 'mended';
  let answersLeft = Number.POSITIVE_INFINITY;
  const passed: PassedRequest[] = [];

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (state === 'hanging') return;
    if (state === 'cut') return void request.socket.destroy();
    const { method = 'GET' } = request;
    const body = Buffer.concat(chunks).toString();
    await line.before?.({ method, body });
    passed.push({ method, body });
    const { authorization, 'content-type': contentType } = request.headers;
    const headers = { connection: 'close', ...(authorization === undefined ? {} : { authorization }), ...(contentType === undefined ? {} : { 'content-type': contentType }) };
    const answer = await fetch(new URL(request.url ?? '/', target), { method, headers, body: method === 'GET' ? undefined : body });
    const text = await answer.text();
    if (answersLeft <= 0) {
      state = 'cut';
      return void request.socket.destroy();
    }
    answersLeft -= 1;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  };

  const server = createServer((request, response) => void serve(request, response).catch(() => request.socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const line: BreakableLine = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    before: null,
    cut: () => void (state = 'cut'),
    hang: () => void (state = 'hanging'),
    loseAnswerAfter: (count) => void (answersLeft = count),
    mend: () => {
      state = 'mended';
      answersLeft = Number.POSITIVE_INFINITY;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return line;
}
