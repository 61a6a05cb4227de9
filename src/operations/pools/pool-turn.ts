/** The turns that a change of a pool takes: its parent's, then its own. */
import type { Pool } from '../../model/pool.js';
import { findPool, lockPool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';

export interface PoolTurnRequest {
  readonly poolId: string;
  readonly ifMatch?: string;
}

/** @throws CasmError `pool-not-found`, `precondition-failed` */
export async function takePoolTurn({ tx }: Work, { poolId, ifMatch }: PoolTurnRequest): Promise<Pool> {
  const seen = found(await findPool(tx, poolId), 'pool', poolId);
  if (seen.parentId !== null) await lockPool(tx, seen.parentId);
  found(await lockPool(tx, poolId), 'pool', poolId);
  const pool = found(await findPool(tx, poolId), 'pool', poolId);
  // Its parent was merged into another while we waited: should that end in a deadlock, the whole is done again.
  if (pool.parentId !== null && pool.parentId !== seen.parentId) await lockPool(tx, pool.parentId);
  checkVersion(ifMatch, pool.version);
  return pool;
}
