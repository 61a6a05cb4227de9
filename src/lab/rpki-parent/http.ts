/** The HTTP face of the parent: bodies with a limit, and the few routes it has. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabError, reasonOf } from '../lab-error.js';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer | string;
}

/** By method and path, such as `POST /up-down`. */
export type Routes = Readonly<Record<string, (request: { contentType: string; body: Buffer }) => Promise<Answer>>>;

const largestBody = 1024 * 1024;

/** Listens on loopback only. @throws LabError when the port is taken */
export async function serve(port: number, routes: Routes): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    void respond(request, response, routes);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((cause: unknown) => {
    throw new LabError(`the parent CA cannot listen on 127.0.0.1:${port} (${reasonOf(cause)})`, { cause });
  });
  return { server, port: (server.address() as AddressInfo).port };
}

export function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}

async function respond(request: IncomingMessage, response: ServerResponse, routes: Routes): Promise<void> {
  const answer = await answerTo(request, routes);
  // what was not read is not waited for
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
}

async function answerTo(request: IncomingMessage, routes: Routes): Promise<Answer> {
  const [path] = (request.url ?? '/').split('?');
  const key = `${request.method} ${path}`;
  const route = Object.hasOwn(routes, key) ? routes[key] : undefined;
  if (route === undefined) return text(404, 'no such route');
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > largestBody) return text(413, 'larger than a mebibyte');
      chunks.push(chunk);
    }
    return await route({ contentType: request.headers['content-type'] ?? '', body: Buffer.concat(chunks) });
  } catch (error) {
    return text(500, error instanceof Error ? error.message : 'failed');
  }
}
