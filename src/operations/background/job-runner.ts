/**
 * Runs background jobs with graphile-worker. Each controller says every two seconds that it is alive; the jobs of one
 * that has fallen silent are unlocked for the others, since the library itself would hold them for hours.
 */
import { EventEmitter } from 'node:events';
import pg from 'pg';
import { Logger, run, type Runner, type TaskList, type WorkerEvents } from 'graphile-worker';
import { beat, buryTheDead, leave } from '../../storage/controllers.js';
import type { JobName } from '../../storage/jobs.js';
import type { Transactions } from '../../storage/transactions.js';

export type JobHandlers = Readonly<Record<JobName, (payload: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<void>>>;

const beatMs = 2_000;
const silentSeconds = 7;

export interface JobLog {
  warn(message: string): void;
  error(message: string): void;
}

export class JobRunner {
  private runner: Runner | undefined;
  private connections: pg.Pool | undefined;
  private timer: NodeJS.Timeout | undefined;
  private poolId: string | undefined;
  private lastBeat = 0;

  constructor(
    private readonly databaseUrl: string,
    private readonly transactions: Transactions,
    private readonly log: JobLog,
  ) {}

  async start(handlers: JobHandlers, concurrency: number): Promise<void> {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      this.poolId = workerPool.id;
    });
    const taskList: TaskList = Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [name, (payload, helpers) => handle((payload ?? {}) as Record<string, string>, helpers.abortSignal ?? new AbortController().signal)]),
    );
    // A pool of our own: the library does not wait for its to end, and by then nobody listens to its errors.
    this.connections = new pg.Pool({ connectionString: this.databaseUrl, max: concurrency + 4, application_name: 'casm-worker' });
    this.connections.on('error', (error) => this.log.warn(`the worker lost a connection: ${error.message}`));
    this.connections.on('connect', (client) => client.on('error', () => undefined));
    this.runner = await run({
      pgPool: this.connections,
      taskList,
      concurrency,
      pollInterval: 1_000,
      noHandleSignals: true,
      events,
      crontab: '*/10 * * * * sweep',
      logger: new Logger(() => (level, message) => {
        if (level === 'error') this.log.error(message);
        else if (level === 'warning') this.log.warn(message);
      }),
    });
    this.runner.promise.catch((error: unknown) => this.log.error(`the worker has stopped: ${String(error)}`));
    await this.beat();
    this.timer = setInterval(() => void this.beat().catch((error: unknown) => this.log.warn(`no sign of life could be left: ${String(error)}`)), beatMs);
  }

  /** Whether background work can move: the runner stands and reaches the database. */
  get runs(): boolean {
    return this.runner !== undefined && Date.now() - this.lastBeat < 5 * beatMs;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.runner?.stop().catch(() => undefined);
    this.runner = undefined;
    await this.connections?.end();
    const { poolId } = this;
    if (poolId !== undefined) await this.transactions.write((tx) => leave(tx, poolId)).catch(() => undefined);
  }

  private async beat(): Promise<void> {
    const { poolId } = this;
    if (poolId === undefined) return;
    const dead = await this.transactions.write(async (tx) => {
      await beat(tx, poolId);
      return buryTheDead(tx, silentSeconds);
    });
    this.lastBeat = Date.now();
    if (dead.length > 0) this.log.warn(`took over the jobs of ${dead.length} silent controller(s)`);
  }
}
