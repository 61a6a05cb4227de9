/** Wakes waiting pulls when a newer revision of their device is committed: one LISTEN connection for all of them. */
import { EventEmitter } from 'node:events';
import pg from 'pg';
import { revisionChannel } from '../storage/deliveries.js';

const reconnectMs = 1_000;

export class RevisionWatch {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private client: pg.Client | undefined;
  private stopped = false;

  constructor(private readonly databaseUrl: string) {}

  async start(): Promise<void> {
    if (this.stopped) return;
    const client = new pg.Client({ connectionString: this.databaseUrl, application_name: 'casm-watch' });
    this.client = client;
    const lost = (): void => {
      client.removeAllListeners();
      client.on('error', () => undefined);
      void client.end().catch(() => undefined);
      if (!this.stopped) setTimeout(() => void this.start(), reconnectMs).unref();
    };
    client.once('error', lost);
    client.once('end', lost);
    client.on('notification', (message) => this.emitter.emit(message.payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${revisionChannel}`);
      // What was committed while nobody listened is found by looking: every waiter looks again.
      for (const device of this.emitter.eventNames()) this.emitter.emit(device);
    } catch {
      lost();
    }
  }

  /** Resolves at the next newer revision of the device, or when the time is over. */
  next(deviceId: string, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.emitter.off(deviceId, finish);
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      this.emitter.on(deviceId, finish);
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const device of this.emitter.eventNames()) this.emitter.emit(device);
    await this.client?.end().catch(() => undefined);
  }
}
