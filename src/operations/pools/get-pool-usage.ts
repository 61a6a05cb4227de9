import { countFreeBlocks } from '../../allocator/free-space.js';
import { scatter, type PoolUsage } from '../../model/usage.js';
import type { Tx } from '../../storage/sql.js';
import { familyUsage } from '../../storage/usage.js';
import { getPool } from './get-pool.js';

/** @throws CasmError `pool-not-found` */
export async function getPoolUsage(tx: Tx, { poolId }: { poolId: string }): Promise<PoolUsage> {
  await getPool(tx, { poolId });
  const freeBlocks = await countFreeBlocks(tx, [poolId]);
  const families = (await familyUsage(tx, poolId)).map(({ poolId: _, ...usage }) => ({ ...usage, ...scatter(usage.family, freeBlocks) }));
  return { poolId, families, freeBlocks };
}
