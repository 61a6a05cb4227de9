/** The controller's southbound door for one device, over real HTTP: enough of openapi/southbound.yaml for a BNG. */
import { EventEmitter, once } from 'node:events';
import { startJsonServer, type JsonServer } from '../../../src/lab/json-server.js';
import type { components } from '../../../src/contract/southbound.generated.js';
import type { DeviceDocument } from '../../../src/model/document.js';

type Schemas = components['schemas'];

export class SouthboundDouble {
  readonly acks: Schemas['Acknowledgement'][] = [];
  /** As stored: one for each sequence. */
  readonly reports = new Map<number, Schemas['UsageReport']>();
  readonly requests: string[] = [];
  /** Answers this status instead, as often as it says. */
  failures: { readonly status: number; times: number } = { status: 503, times: 0 };
  private document: DeviceDocument | null = null;
  private readonly changes = new EventEmitter();
  private server: JsonServer | undefined;

  constructor(private readonly token: string) {}

  async start(port = 0): Promise<string> {
    this.server = await startJsonServer(port, async (request, body) => {
      this.requests.push(`${request.method} ${request.url} ${request.headers['if-none-match'] ?? ''} ${request.headers.prefer ?? ''}`.trim());
      if (request.headers.authorization !== `Bearer ${this.token}`) return this.problem(401, 'unauthorized');
      if (this.failures.times > 0) {
        this.failures.times -= 1;
        return this.problem(this.failures.status, 'not-ready');
      }
      if (request.url === '/southbound/v1/acks') return this.acknowledge((await body()) as Schemas['Acknowledgement']);
      if (request.url === '/southbound/v1/reports') return this.report((await body()) as Schemas['UsageReport']);
      const matches = () => this.document === null || request.headers['if-none-match'] === `"${this.document.revision}"`;
      const seconds = Number(/^wait=(\d+)$/.exec(String(request.headers.prefer))?.[1] ?? 0);
      if (matches() && seconds > 0) await once(this.changes, 'change', { signal: AbortSignal.timeout(seconds * 1000) }).catch(() => undefined);
      return matches() ? { status: 304, body: null } : { status: 200, body: this.document };
    });
    return this.server.url;
  }

  publish(document: DeviceDocument): void {
    this.document = document;
    this.changes.emit('change');
  }

  get port(): number {
    return this.server?.port ?? 0;
  }

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  private acknowledge(ack: Schemas['Acknowledgement']) {
    this.acks.push(ack);
    return { status: 200, body: { wantedRevision: this.document?.revision ?? '0', appliedRevision: ack.revision } };
  }

  private report(report: Schemas['UsageReport']) {
    if (!this.reports.has(report.sequence)) this.reports.set(report.sequence, report);
    return { status: 202, body: { lastSequence: Math.max(...this.reports.keys()) } };
  }

  private problem(status: number, code: string) {
    return { status, body: { type: 'about:blank', title: code, status, detail: code, code, requestId: '1' } };
  }
}
