/** A device behind the `http` adapter that does what the test says: takes documents, refuses them, is away. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PushedDocument {
  readonly revision: string;
  readonly ranges: readonly { readonly id: string; readonly prefix: string }[];
}

export class PushTarget {
  readonly received: PushedDocument[] = [];
  /** What it answers to the next documents; null takes them. */
  refusal: { status: number; errors: string[] } | null = null;
  /** Awaited before each answer. */
  pause: (document: PushedDocument) => Promise<void> = () => Promise.resolve();
  private server: Server | undefined;
  private port = 0;

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts, or comes back on the port it had. */
  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const document = JSON.parse(Buffer.concat(chunks).toString()) as PushedDocument;
        await this.pause(document);
        this.received.push(document);
        response.writeHead(this.refusal?.status ?? 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(this.refusal === null ? { applied: true, revision: document.revision } : { errors: this.refusal.errors }));
      })();
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.server?.listening !== true) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
