/** The turns that allocating from a pool takes before anything else, sent at once: quotas of the holders, then the pool. */
import { lockPool, type PoolTurn } from '../../storage/pools.js';
import { lockQuotas } from '../../storage/quotas.js';
import type { Tx } from '../../storage/sql.js';
import { isAwaited } from '../../storage/waiting-queues.js';

export interface TurnToAllocate {
  /** Undefined: there is none. */
  readonly pool: PoolTurn | undefined;
  /** Ids of the quotas whose turns are held. */
  readonly quotas: readonly string[];
  /** Whether requests wait for the pool. */
  readonly awaited: boolean;
}

/**
 * The three travel together, one behind the other on the connection: each sees what was committed before its turn came.
 * @param held quotas that were taken before any pool: those of whoever has come to wait since are left to another turn
 */
export async function takeTurnToAllocate(tx: Tx, poolId: string, holders: readonly string[], held?: readonly string[]): Promise<TurnToAllocate> {
  const [quotas, pool, awaited] = await Promise.all([held ?? lockQuotas(tx, [...new Set(holders)], [poolId]), lockPool(tx, poolId), isAwaited(tx, poolId)]);
  return { pool, quotas, awaited };
}
