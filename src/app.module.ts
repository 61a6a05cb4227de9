/** Puts the rooms together: the only file that sees both doors. */
import { randomUUID } from 'node:crypto';
import { Logger, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Bounds } from './bounds.js';
import type { Config } from './config.js';
import { AccessGuard } from './http/access.guard.js';
import { AnswerInterceptor } from './http/answers.js';
import { ContractGuard } from './http/contract.guard.js';
import { ProblemFilter } from './http/problem.filter.js';
import { AdministrationController } from './northbound/administration.controller.js';
import { AllocationsController } from './northbound/allocations.controller.js';
import { BatchesController } from './northbound/batches.controller.js';
import { DevicesController } from './northbound/devices.controller.js';
import { MemoryController } from './northbound/memory.controller.js';
import { HoldsController } from './northbound/holds.controller.js';
import { ExchangeController } from './northbound/exchange.controller.js';
import { Metrics } from './northbound/metrics.js';
import { PoolsController } from './northbound/pools.controller.js';
import { QuotasController } from './northbound/quotas.controller.js';
import { SpacesController } from './northbound/spaces.controller.js';
import { SystemController } from './northbound/system.controller.js';
import { UsageController } from './northbound/usage.controller.js';
import { WaitingController } from './northbound/waiting.controller.js';
import { expireAllocation } from './operations/allocations/expire-allocation.js';
import { PoolTurns } from './operations/allocations/pool-turns.js';
import { returnSpace } from './operations/allocations/return-space.js';
import { JobRunner, type JobHandlers } from './operations/background/job-runner.js';
import { judgeAlarms } from './operations/alarms/judge-alarms.js';
import { sweep } from './operations/background/sweep.js';
import { EventFeed, usualPace } from './operations/events/event-feed.js';
import { Hall } from './operations/hall.js';
import { forgetHistory } from './operations/history/forget-history.js';
import { sealHistory } from './operations/history/seal-history.js';
import { expireHold } from './operations/holds/end-hold.js';
import { measureState } from './operations/metrics/measure-state.js';
import { Recent } from './operations/metrics/recent.js';
import { TokenDesk } from './operations/tokens/token-desk.js';
import { applyImport } from './operations/imports/apply-import.js';
import { sampleUsage } from './operations/usage/sample-usage.js';
import { expireWaitingRequest } from './operations/waiting/end-waiting.js';
import { serveWaiting } from './operations/waiting/serve-waiting.js';
import { allAdapters } from './southbound/adapters/index.js';
import { DeviceDoorController } from './southbound/device-door.controller.js';
import { DeviceHandles } from './southbound/device-handle.js';
import { Dispatcher } from './southbound/dispatcher.js';
import { DocumentDoor } from './southbound/document-door.js';
import { RevisionWatch } from './southbound/revision-watch.js';
import { SecretBox } from './storage/secret-box.js';
import { Transactions } from './storage/transactions.js';

/** In ms: with thousands of pools their figures are dear, and several scrapers ask for them. */
const stateKept = 5_000;

@Module({})
export class AppModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(
    private readonly worker: JobRunner,
    private readonly watch: RevisionWatch,
    private readonly feed: EventFeed,
  ) {}

  static with(config: Config, source: DataSource, bounds: Bounds): DynamicModule {
    const now = (): Date => new Date();
    const transactions = new Transactions(source);
    const box = new SecretBox(config.secretKey);
    const hall = new Hall(transactions, box, now, uuidv7);
    const watch = new RevisionWatch(config.databaseUrl);
    const worker = new JobRunner(config.databaseUrl, transactions, new Logger('worker'));
    const dispatcher = new Dispatcher(hall, new DeviceHandles(transactions, box, hall), allAdapters(), now, Math.random);
    return {
      module: AppModule,
      controllers: [QuotasController, WaitingController, SpacesController, PoolsController, UsageController, ExchangeController, AllocationsController, HoldsController, BatchesController, DevicesController, AdministrationController, MemoryController, SystemController, DeviceDoorController],
      providers: [
        { provide: Hall, useValue: hall },
        { provide: PoolTurns, useValue: new PoolTurns(hall, bounds.longestQueue) },
        { provide: TokenDesk, useValue: new TokenDesk(hall) },
        { provide: EventFeed, useValue: new EventFeed(hall, usualPace) },
        { provide: JobRunner, useValue: worker },
        { provide: RevisionWatch, useValue: watch },
        { provide: DocumentDoor, useValue: new DocumentDoor(hall, watch) },
        { provide: Dispatcher, useValue: dispatcher },
        { provide: Metrics, useValue: new Metrics(new Recent(() => hall.read(measureState, undefined), stateKept, now)) },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_GUARD, useClass: ContractGuard },
        { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }

  /** Streams have no end of their own, and the server waits for answers to end. */
  onModuleDestroy(): void {
    this.feed.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.worker.stop();
    await this.watch.stop();
  }
}

/** What each kind of background job does. */
export function jobHandlers(hall: Hall, dispatcher: Dispatcher, { historyYears }: Pick<Config, 'historyYears'>): JobHandlers {
  return {
    deliver: ({ deviceId = '' }, signal) => dispatcher.deliver(deviceId, signal),
    'return-space': ({ poolId = '' }) => hall.act('returnSpace', returnSpace, { poolId }),
    'expire-waiting': ({ waitingRequestId = '' }) => hall.act('expireWaitingRequest', expireWaitingRequest, { waitingRequestId }),
    'serve-waiting': ({ poolId = '' }) => hall.act('serveWaiting', serveWaiting, { poolId }),
    'expire-allocation': ({ allocationId = '' }) => hall.act('expireAllocation', expireAllocation, { allocationId }),
    'expire-hold': ({ holdId = '' }) => hall.act('expireHold', expireHold, { holdId }),
    'seal-history': async () => {
      while (await hall.act('sealHistory', sealHistory, undefined));
      while (await hall.act('forgetHistory', forgetHistory, { years: historyYears }));
    },
    sweep: () => hall.act('sweep', sweep, undefined),
    'sample-usage': () => hall.act('sampleUsage', sampleUsage, undefined),
    'apply-import': ({ importId = '' }, signal) => applyImport(hall, importId, signal),
    'judge-alarms': () => hall.act('judgeAlarms', judgeAlarms, undefined),
  };
}

export function newRequestId(): string {
  return randomUUID();
}
