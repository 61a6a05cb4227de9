/** A device as the dispatcher hands it to the RPKI adapter, its memory and certificate log kept in the test. */
import type { CertificateLog, DeviceHandle, DeviceMemory, IssuedCertificate, ResourceSets } from '../../../../src/southbound/adapter.js';

export interface LogEntry {
  readonly id: string;
  readonly action: 'issue' | 'revoke';
  readonly className: string;
  readonly subjectKeyIdentifier: string;
  readonly resources: ResourceSets;
  outcome: 'asked' | 'issued' | 'revoked' | 'refused';
  certificate?: IssuedCertificate;
  error?: { readonly status: number | null; readonly description: string };
}

export class TestDevice {
  credentials: Record<string, string> = {};
  readonly log: LogEntry[] = [];
  /** What is durable now. */
  text: string | undefined;
  /** Every text that was ever durable, oldest first: what a crash may have left. */
  readonly saved: string[] = [];
  /** When set, thrown instead of saving or logging from the nth durable act on: the process is gone. */
  crashAfter: number | null = null;
  private acts = 0;

  constructor(
    readonly name = 'edge rpki',
    readonly id = '0198c0de-0000-7000-8000-0000000000aa',
  ) {}

  handle(signal: AbortSignal = new AbortController().signal): DeviceHandle {
    const { id, name, credentials } = this;
    return { id, name, endpoint: 'http://127.0.0.1/', credentials, signal, memory: this.memory, certificates: this.certificates };
  }

  /** Lets the process die in the middle of what follows: at its nth durable act. */
  crashAt(nth: number): void {
    this.crashAfter = this.acts + nth;
  }

  /** @returns whether the crash happened */
  restart(): boolean {
    const crashed = this.crashAfter !== null && this.acts > this.crashAfter;
    this.crashAfter = null;
    return crashed;
  }

  private act(): void {
    this.acts += 1;
    if (this.crashAfter !== null && this.acts > this.crashAfter) throw new Error('the process is gone');
  }

  private readonly memory: DeviceMemory = {
    load: async () => this.text,
    save: async (text) => {
      this.act();
      this.text = text;
      this.saved.push(text);
    },
  };

  private readonly certificates: CertificateLog = {
    asked: async (request) => {
      this.act();
      const id = String(this.log.length + 1);
      this.log.push({ id, ...request, outcome: 'asked' });
      return id;
    },
    issued: async (id, certificate) => this.settle(id, { outcome: 'issued', certificate }),
    revoked: async (id) => this.settle(id, { outcome: 'revoked' }),
    refused: async (id, error) => this.settle(id, { outcome: 'refused', error }),
  };

  private settle(id: string, outcome: Partial<LogEntry>): void {
    this.act();
    const entry = this.log.find((candidate) => candidate.id === id);
    if (entry === undefined) throw new Error(`no entry ${id} in the certificate log`);
    Object.assign(entry, outcome);
  }
}
