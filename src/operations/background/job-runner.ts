/**
 * Runs background jobs with graphile-worker. Each controller says every two seconds that it is alive; the jobs of one
 * that has fallen silent are unlocked for the others, since the library itself would hold them for hours. When the library
 * gives up (it does when it cannot record what became of a job), it is started again and its jobs are taken over.
 */
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, run, type Runner, type TaskList, type WorkerEvents } from 'graphile-worker';
import { counted } from '../../model/counted.js';
import { beat, buryTheDead, leave } from '../../storage/controllers.js';
import type { JobName } from '../../storage/jobs.js';
import type { Transactions } from '../../storage/transactions.js';
import { openWorkerConnections, type WorkerConnections } from '../../storage/worker-connections.js';

export type JobHandlers = Readonly<Record<JobName, (payload: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<void>>>;

const beatMs = 2_000;
const silentSeconds = 7;
const restartMs = 1_000;
const schedule = ['*/10 * * * * sweep', '*/10 * * * * seal-history', '*/5 * * * * sample-usage', '* * * * * judge-alarms'].join('\n');

export interface JobLog {
  warn(message: string): void;
  error(message: string): void;
}

export class JobRunner {
  private runner: Runner | undefined;
  private connections: WorkerConnections | undefined;
  private timer: NodeJS.Timeout | undefined;
  private poolId: string | undefined;
  private lastBeat = 0;
  private readonly stopping = new AbortController();

  constructor(
    private readonly databaseUrl: string,
    private readonly transactions: Transactions,
    private readonly log: JobLog,
  ) {}

  async start(handlers: JobHandlers, concurrency: number): Promise<void> {
    const taskList: TaskList = Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [name, (payload, helpers) => handle((payload ?? {}) as Record<string, string>, helpers.abortSignal ?? new AbortController().signal)]),
    );
    const connections = openWorkerConnections(this.databaseUrl, concurrency + 4, (error) => this.log.warn(`the worker lost a connection: ${error.message}`));
    this.connections = connections;
    await this.begin(connections, taskList, concurrency);
    this.timer = setInterval(() => void this.tryBeat(), beatMs);
  }

  /** Whether background work can move: the runner stands and reaches the database. */
  get runs(): boolean {
    return this.runner !== undefined && Date.now() - this.lastBeat < 5 * beatMs;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.timer);
    await this.runner?.stop().catch(() => undefined);
    this.runner = undefined;
    await this.connections?.end();
    if (this.poolId !== undefined) await this.leave(this.poolId);
  }

  private async begin(connections: WorkerConnections, taskList: TaskList, concurrency: number): Promise<void> {
    const before = this.poolId;
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      this.poolId = workerPool.id;
    });
    const runner = await run({
      pgPool: connections,
      taskList,
      concurrency,
      pollInterval: 1_000,
      noHandleSignals: true,
      events,
      crontab: schedule,
      logger: new Logger(() => (level, message) => {
        if (level === 'error') this.log.error(message);
        else if (level === 'warning') this.log.warn(message);
      }),
      // Only what is recorded in batches has its errors caught by the library; alone they would end the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    });
    this.runner = runner;
    if (before !== undefined) await this.leave(before);
    await this.tryBeat();
    const again = (): void => void this.beginAgain(connections, taskList, concurrency);
    runner.promise.then(again, again);
  }

  private async beginAgain(connections: WorkerConnections, taskList: TaskList, concurrency: number): Promise<void> {
    this.runner = undefined;
    while (!this.stopping.signal.aborted) {
      this.log.warn('the worker has stopped, and starts again');
      try {
        await sleep(restartMs, undefined, { signal: this.stopping.signal });
        return await this.begin(connections, taskList, concurrency);
      } catch (error) {
        if (!this.stopping.signal.aborted) this.log.error(`the worker cannot start: ${String(error)}`);
      }
    }
  }

  /** Its jobs are anybody's from now on. */
  private async leave(poolId: string): Promise<void> {
    await this.transactions.write((tx) => leave(tx, poolId)).catch(() => undefined);
  }

  private async tryBeat(): Promise<void> {
    try {
      await this.beat();
    } catch (error) {
      this.log.warn(`no sign of life could be left: ${String(error)}`);
    }
  }

  private async beat(): Promise<void> {
    const { poolId } = this;
    if (poolId === undefined) return;
    const dead = await this.transactions.write(async (tx) => {
      await beat(tx, poolId);
      return buryTheDead(tx, silentSeconds);
    });
    this.lastBeat = Date.now();
    if (dead.length > 0) this.log.warn(`took over the jobs of ${counted(dead.length, 'silent controller')}`);
  }
}
