/** One connection to a controller that asks, waits for the answer and asks again; with the time each answer took. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** From sending to the last octet. */
  readonly milliseconds: number;
}

export class Connection {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  post(path: string, body: object): Promise<Answer> {
    const text = JSON.stringify(body);
    return this.ask('POST', path, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)), 'idempotency-key': randomUUID() }, text);
  }

  delete(path: string): Promise<Answer> {
    return this.ask('DELETE', path, { 'idempotency-key': randomUUID() });
  }

  close(): void {
    this.agent.destroy();
  }

  private ask(method: string, path: string, headers: Record<string, string>, text?: string): Promise<Answer> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.url), { method, agent: this.agent, headers: { ...this.headers, ...headers } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const milliseconds = performance.now() - began;
          const said = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, body: said === '' ? null : (JSON.parse(said) as unknown), milliseconds });
        });
      });
      asked.on('error', reject);
      asked.end(text);
    });
  }
}
