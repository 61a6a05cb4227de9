/**
 * The hall with all its operations on a real PostgreSQL, in this process, with a clock that is set by hand. The background
 * work is done when it is asked for: the jobs themselves are what the runner would run.
 */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import type { Actor } from '../../src/model/audit.js';
import { CasmError, type ErrorCode } from '../../src/model/errors.js';
import type { Page } from '../../src/model/page.js';
import { activateAllocation } from '../../src/operations/allocations/activate-allocation.js';
import { allocateSet } from '../../src/operations/allocations/allocate-set.js';
import { drainAllocation } from '../../src/operations/allocations/drain-allocation.js';
import { expireAllocation } from '../../src/operations/allocations/expire-allocation.js';
import { moveAllocation } from '../../src/operations/allocations/move-allocation.js';
import { PoolTurns } from '../../src/operations/allocations/pool-turns.js';
import { releaseAllocation } from '../../src/operations/allocations/release-allocation.js';
import { releaseQuarantine } from '../../src/operations/allocations/release-quarantine.js';
import { resizeAllocation } from '../../src/operations/allocations/resize-allocation.js';
import { returnSpace } from '../../src/operations/allocations/return-space.js';
import { updateAllocation } from '../../src/operations/allocations/update-allocation.js';
import { sweep } from '../../src/operations/background/sweep.js';
import { runBatch } from '../../src/operations/batches/run-batch.js';
import { acknowledgeDocument } from '../../src/operations/deliveries/acknowledge-document.js';
import { listDeliveries } from '../../src/operations/deliveries/list-deliveries.js';
import { createDevice } from '../../src/operations/devices/create-device.js';
import { deleteDevice } from '../../src/operations/devices/delete-device.js';
import { Hall } from '../../src/operations/hall.js';
import { createHold } from '../../src/operations/holds/create-hold.js';
import { deleteHold, expireHold } from '../../src/operations/holds/end-hold.js';
import { checkIntegrity } from '../../src/operations/integrity/check-integrity.js';
import { createPool } from '../../src/operations/pools/create-pool.js';
import { deletePool } from '../../src/operations/pools/delete-pool.js';
import { mergePools } from '../../src/operations/pools/merge-pools.js';
import { splitPool } from '../../src/operations/pools/split-pool.js';
import { updatePool } from '../../src/operations/pools/update-pool.js';
import { createQuota } from '../../src/operations/quotas/create-quota.js';
import { deleteQuota } from '../../src/operations/quotas/delete-quota.js';
import { listQuotas } from '../../src/operations/quotas/list-quotas.js';
import { updateQuota } from '../../src/operations/quotas/update-quota.js';
import { reportUsage } from '../../src/operations/ranges/report-usage.js';
import { createSpace } from '../../src/operations/spaces/create-space.js';
import { createToken } from '../../src/operations/tokens/create-token.js';
import { cancelWaitingRequest, expireWaitingRequest } from '../../src/operations/waiting/end-waiting.js';
import { listWaitingRequests } from '../../src/operations/waiting/list-waiting-requests.js';
import { serveWaiting } from '../../src/operations/waiting/serve-waiting.js';
import type { Call, Operation, Question } from '../../src/operations/work.js';
import { DocumentDoor } from '../../src/southbound/document-door.js';
import { RevisionWatch } from '../../src/southbound/revision-watch.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Asked } from './promise.js';
import { World } from './world.js';

export type Outcome = { readonly done: unknown } | { readonly refused: ErrorCode };

const verbs: Readonly<Record<string, Operation<never, unknown>>> = {
  createPool, updatePool, deletePool, allocateSet, createHold, deleteHold, drainAllocation, activateAllocation, updateAllocation,
  releaseAllocation, releaseQuarantine, resizeAllocation, moveAllocation, splitPool, mergePools, runBatch, cancelWaitingRequest,
  createQuota, updateQuota, deleteQuota, createDevice, deleteDevice, acknowledgeDocument, reportUsage,
};
/** What only the controller can say, or has to say at any time. */
export interface Said {
  readonly quotas: readonly string[];
  readonly waiting: readonly string[];
  /** Waiting requests that were served, and what they got. */
  readonly served: ReadonlyMap<string, string>;
  readonly wanted: ReadonlyMap<string, number>;
  /** Pools that a job will look at for those who wait. */
  readonly woken: readonly string[];
}

/** More than a sequence makes of anything. */
const all = { limit: 1_000 };

export class ControllerUnderTest {
  private readonly turns: PoolTurns;
  private readonly documents: DocumentDoor;

  private constructor(
    private readonly database: TestDatabase,
    private readonly source: DataSource,
    private readonly hall: Hall,
    private readonly spaceIds: readonly string[],
    private readonly actor: Actor,
    private readonly clock: { now: number },
  ) {
    this.turns = new PoolTurns(hall);
    // Nobody waits for a newer document here, so nothing has to be watched.
    this.documents = new DocumentDoor(hall, new RevisionWatch(database.url));
  }

  static async start(): Promise<ControllerUnderTest> {
    const database = await createTestDatabase(inject('postgresUrl'));
    const source = await createDataSource(database.url, 3).initialize();
    const clock = { now: Date.now() };
    const hall = new Hall(new Transactions(source), new SecretBox(randomBytes(32)), () => new Date(clock.now), uuidv7);
    // Whoever waits must be somebody still when it is served.
    const token = await hall.act('createToken', createToken, { name: 'orchestrator', role: 'operator' });
    const spaceIds: string[] = [];
    for (const name of ['internet', 'vpn']) spaceIds.push((await hall.act('createSpace', createSpace, { name })).id);
    return new ControllerUnderTest(database, source, hall, spaceIds, { tokenId: token.id, name: token.name, role: token.role }, clock);
  }

  async stop(): Promise<void> {
    await this.source.destroy();
    await this.database.drop();
  }

  /** Empty spaces again, past all that could be wrong with the controller. */
  async begin(): Promise<World> {
    const tables = ['quotas', 'waiting_requests', 'allocations', 'quota_changes', 'free_blocks', 'pool_prefixes', 'pools', 'devices'];
    for (const table of tables) await this.database.query(`delete from ${table}`);
    await this.database.query('select graphile_worker.remove_job(key) from graphile_worker.jobs where key is not null');
    return new World(this.spaceIds, this.clock.now);
  }

  /** @throws whatever is no refusal */
  async ask(asked: Asked, dryRun = false): Promise<Outcome> {
    try {
      return { done: await this.done(asked, dryRun) };
    } catch (error) {
      if (error instanceof CasmError) return { refused: error.code };
      throw error;
    }
  }

  private call(operation: string, dryRun: boolean): Call {
    return { operation, dryRun, actor: this.actor, requestId: uuidv7() };
  }

  /** As the doors do it. */
  private async done({ operation, input }: Asked, dryRun: boolean): Promise<unknown> {
    if (operation === 'allocatePrefix') return (await this.turns.allocate(this.call(operation, dryRun), input as never)).result;
    if (operation === 'pullDocument') return this.documents.pull((input as { deviceId: string }).deviceId, undefined, 0);
    const verb = verbs[operation];
    if (verb === undefined) throw new Error(`there is no ${operation}`);
    return (await this.hall.write(this.call(operation, dryRun), verb, input as never)).result;
  }

  /** So many seconds go by; quarantines run by the database's clock, so they are moved towards it. */
  async pass(seconds: number): Promise<void> {
    this.clock.now += seconds * 1000;
    await this.database.query(`update allocations set quarantined_until = quarantined_until - make_interval(secs => $1) where state = 'quarantined'`, [seconds]);
  }

  async doBackgroundWork({ taken, pools, waiting }: World): Promise<void> {
    for (const [id, { state }] of taken) {
      if (state === 'reserved') await this.hall.act('expireHold', expireHold, { holdId: id });
      else await this.hall.act('expireAllocation', expireAllocation, { allocationId: id });
    }
    for (const poolId of pools.keys()) await this.hall.act('returnSpace', returnSpace, { poolId });
    for (const id of waiting.keys()) await this.hall.act('expireWaitingRequest', expireWaitingRequest, { waitingRequestId: id });
    await this.hall.act('sweep', sweep, undefined);
    await this.serveWoken();
  }

  /** The jobs for those who wait. @returns the pools that had one */
  async serveWoken(): Promise<string[]> {
    const poolIds = await this.woken();
    for (const poolId of poolIds) {
      await this.hall.act('serveWaiting', serveWaiting, { poolId });
      await this.database.query('select graphile_worker.remove_job($1)', [`serve-waiting:${poolId}`]);
    }
    return poolIds;
  }

  private async woken(): Promise<string[]> {
    const jobs = await this.database.query<{ id: string }>(`select split_part(key, ':', 2) as id from graphile_worker.jobs where task_identifier = 'serve-waiting' order by 1`);
    return jobs.map((job) => job.id);
  }

  /** By the lists of the north door, and the queue of jobs. */
  async says(): Promise<Said> {
    const glance = <Item>(question: Question<typeof all, Page<Item>>): Promise<Page<Item>> => this.hall.glance(question, all);
    const [quotas, waiting, deliveries, woken] = await Promise.all([glance(listQuotas), glance(listWaitingRequests), glance(listDeliveries), this.woken()]);
    return {
      quotas: quotas.items.map(({ id, holder, used, ipv4Addresses, ipv6Subnets }) => `${id} ${holder}: ${used.ipv4Addresses} of ${ipv4Addresses}, ${used.ipv6Subnets} of ${ipv6Subnets}`).sort(),
      waiting: waiting.items.map(({ id, state, position }) => `${id} ${state}${position === null ? '' : ` at ${position}`}`).sort(),
      served: new Map(waiting.items.flatMap(({ id, allocationId }) => (allocationId === null ? [] : [[id, allocationId]]))),
      wanted: new Map(deliveries.items.map(({ deviceId, wantedRevision }) => [deviceId, Number(wantedRevision)])),
      woken,
    };
  }

  /** What is stored, by SQL alone, and what the proof of integrity finds. */
  async stored(): Promise<{ free: string[]; allocations: string[]; findings: readonly object[] }> {
    const lines = async (sql: string): Promise<string[]> => (await this.database.query<{ line: string }>(sql)).map((row) => row.line).sort();
    return {
      free: await lines(`select format('%s %s', pool_id, prefix) as line from free_blocks`),
      allocations: await lines(`select format('%s %s %s %s', id, pool_id, prefix, state) as line from allocations`),
      findings: (await this.hall.read(checkIntegrity, undefined)).findings,
    };
  }
}
