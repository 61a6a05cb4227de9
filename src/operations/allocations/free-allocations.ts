import { giveBack, type TakenPrefix } from '../../allocator/free-space.js';
import { deleteAllocations } from '../../storage/allocations.js';
import type { Tx } from '../../storage/sql.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';

/** Ends allocations of one pool and merges their space back. The caller holds the pool's turn. */
export async function freeAllocations(tx: Tx, poolId: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await returnToPool(tx, poolId, await deleteAllocations(tx, ids));
}

/** Merges what was given back into the free space, and wakes whoever waits for it. The caller holds the pool's turn. */
export async function returnToPool(tx: Tx, poolId: string, left: readonly TakenPrefix[]): Promise<void> {
  if (left.length === 0) return;
  await giveBack(tx, poolId, left);
  wakeWaiting(tx, [poolId]);
}
