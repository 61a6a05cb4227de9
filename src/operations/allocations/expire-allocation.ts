import { findAllocation } from '../../storage/allocations.js';
import { enqueueExpiry } from '../../storage/jobs.js';
import type { Work } from '../work.js';
import { releaseAllocation } from './release-allocation.js';

/** Releases an allocation whose time is over; one that is gone, leaving or renewed is left alone. */
export async function expireAllocation(work: Work, { allocationId }: { allocationId: string }): Promise<void> {
  const allocation = await findAllocation(work.tx, allocationId);
  if (allocation === undefined || allocation.validUntil === null) return;
  const until = new Date(allocation.validUntil);
  if (until > work.now) await enqueueExpiry(work.tx, allocationId, until);
  else await releaseAllocation(work, { allocationId });
}
