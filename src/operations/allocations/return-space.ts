import { lockRested, mostRested, nextRested } from '../../storage/allocation-quarantine.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import { lockPool } from '../../storage/pools.js';
import type { Work } from '../work.js';
import { freeAllocations } from './free-allocations.js';

/** Frees what has rested long enough in a pool's quarantine, or is more than the pool's cap, and comes back when the next has. */
export async function returnSpace(work: Work, { poolId }: { poolId: string }): Promise<void> {
  if ((await lockPool(work.tx, poolId)) === undefined) return;
  const rested = await lockRested(work.tx, poolId);
  await freeAllocations(work.tx, poolId, rested.map((allocation) => allocation.id));
  for (const allocation of rested) {
    work.audit({ resourceType: 'allocation', resourceId: allocation.id, before: allocation, after: null });
  }
  const next = rested.length === mostRested ? work.now : await nextRested(work.tx, poolId);
  if (next !== null) await enqueueReturnOfSpace(work.tx, poolId, next);
}
