import { takeTurnToAllocate } from '../allocations/turn-to-allocate.js';
import type { Work } from '../work.js';
import { serveQueue } from './serve-queue.js';

/** Space may have come back to a pool: its queue is served as far as it goes. Doing so twice is harmless. */
export async function serveWaiting(work: Work, { poolId }: { poolId: string }): Promise<void> {
  const { pool, quotas, awaited } = await takeTurnToAllocate(work.tx, poolId, []);
  if (pool !== undefined && awaited) await serveQueue(work, pool, quotas);
}
