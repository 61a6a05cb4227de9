/**
 * The hall with all its operations on a real PostgreSQL, in this process, with a clock that is set by hand. The background
 * work is done when it is asked for: the jobs themselves are what the runner would run.
 */
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { CasmError, type ErrorCode } from '../../src/model/errors.js';
import { activateAllocation } from '../../src/operations/allocations/activate-allocation.js';
import { allocatePrefix } from '../../src/operations/allocations/allocate-prefix.js';
import { allocateSet } from '../../src/operations/allocations/allocate-set.js';
import { drainAllocation } from '../../src/operations/allocations/drain-allocation.js';
import { expireAllocation } from '../../src/operations/allocations/expire-allocation.js';
import { moveAllocation } from '../../src/operations/allocations/move-allocation.js';
import { releaseAllocation } from '../../src/operations/allocations/release-allocation.js';
import { releaseQuarantine } from '../../src/operations/allocations/release-quarantine.js';
import { resizeAllocation } from '../../src/operations/allocations/resize-allocation.js';
import { returnSpace } from '../../src/operations/allocations/return-space.js';
import { updateAllocation } from '../../src/operations/allocations/update-allocation.js';
import { runBatch } from '../../src/operations/batches/run-batch.js';
import { Hall } from '../../src/operations/hall.js';
import { createHold } from '../../src/operations/holds/create-hold.js';
import { deleteHold, expireHold } from '../../src/operations/holds/end-hold.js';
import { checkIntegrity } from '../../src/operations/integrity/check-integrity.js';
import { createPool } from '../../src/operations/pools/create-pool.js';
import { deletePool } from '../../src/operations/pools/delete-pool.js';
import { mergePools } from '../../src/operations/pools/merge-pools.js';
import { splitPool } from '../../src/operations/pools/split-pool.js';
import { updatePool } from '../../src/operations/pools/update-pool.js';
import { createSpace } from '../../src/operations/spaces/create-space.js';
import type { Operation } from '../../src/operations/work.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import type { Asked } from './promise.js';
import { World } from './world.js';

export type Outcome = { readonly done: unknown } | { readonly refused: ErrorCode };

const verbs: Readonly<Record<string, Operation<never, unknown>>> = {
  createPool, updatePool, deletePool, allocatePrefix, allocateSet, createHold, deleteHold, drainAllocation, activateAllocation,
  updateAllocation, releaseAllocation, releaseQuarantine, resizeAllocation, moveAllocation, splitPool, mergePools, runBatch,
};
const actor = { tokenId: uuidv7(), name: 'orchestrator', role: 'operator' };
const call = (operation: string, dryRun = false): { operation: string; dryRun: boolean; actor: typeof actor; requestId: string } => ({ operation, dryRun, actor, requestId: uuidv7() });

export class ControllerUnderTest {
  private clock = Date.now();

  private constructor(
    private readonly database: TestDatabase,
    private readonly source: DataSource,
    private readonly hall: Hall,
    private readonly spaceIds: readonly string[],
  ) {}

  static async start(): Promise<ControllerUnderTest> {
    const database = await createTestDatabase(inject('postgresUrl'));
    const source = await createDataSource(database.url, 2).initialize();
    const now = (): Date => new Date(controller.clock);
    const hall: Hall = new Hall(new Transactions(source), new SecretBox(randomBytes(32)), now, uuidv7);
    const spaceIds: string[] = [];
    const controller = new ControllerUnderTest(database, source, hall, spaceIds);
    for (const name of ['internet', 'vpn']) spaceIds.push((await hall.write(call('createSpace'), createSpace, { name })).result.id);
    return controller;
  }

  async stop(): Promise<void> {
    await this.source.destroy();
    await this.database.drop();
  }

  /** Empty spaces again, past all that could be wrong with the controller. */
  async begin(): Promise<World> {
    for (const table of ['allocations', 'free_blocks', 'pool_prefixes', 'pools']) await this.database.query(`delete from ${table}`);
    return new World(this.spaceIds, this.clock);
  }

  /** @throws whatever is no refusal */
  async ask({ operation, input }: Asked, dryRun = false): Promise<Outcome> {
    const verb = verbs[operation];
    if (verb === undefined) throw new Error(`there is no ${operation}`);
    try {
      return { done: (await this.hall.write(call(operation, dryRun), verb, input as never)).result };
    } catch (error) {
      if (error instanceof CasmError) return { refused: error.code };
      throw error;
    }
  }

  /** So many seconds go by; quarantines run by the database's clock, so they are moved towards it. */
  async pass(seconds: number): Promise<void> {
    this.clock += seconds * 1000;
    await this.database.query(`update allocations set quarantined_until = quarantined_until - make_interval(secs => $1) where state = 'quarantined'`, [seconds]);
  }

  async doBackgroundWork({ taken, pools }: World): Promise<void> {
    for (const [id, { state }] of taken) {
      if (state === 'reserved') await this.hall.act('expireHold', expireHold, { holdId: id });
      else await this.hall.act('expireAllocation', expireAllocation, { allocationId: id });
    }
    for (const poolId of pools.keys()) await this.hall.act('returnSpace', returnSpace, { poolId });
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
