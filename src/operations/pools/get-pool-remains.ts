import type { PoolRemains } from '../../model/pool.js';
import { remainsOf } from '../../storage/pool-retirement.js';
import type { Tx } from '../../storage/sql.js';
import { getPool } from './get-pool.js';

/** What is left in a pool and the pools below it. @throws CasmError `pool-not-found` */
export async function getPoolRemains(tx: Tx, { poolId }: { poolId: string }): Promise<PoolRemains> {
  const { state } = await getPool(tx, { poolId });
  return { poolId, state, ...(await remainsOf(tx, poolId)) };
}
