import type { Pool } from '../../model/pool.js';
import { findPool } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `pool-not-found` */
export async function getPool(tx: Tx, { poolId }: { poolId: string }): Promise<Pool> {
  return found(await findPool(tx, poolId), 'pool', poolId);
}
