import { findAllocation } from '../../storage/allocations.js';
import { enqueueExpiry } from '../../storage/jobs.js';
import type { Work } from '../work.js';
import { takeTurn } from './allocation-turn.js';
import { releaseAllocation } from './release-allocation.js';

/**
 * Releases an allocation whose time is over; one that is gone, leaving or renewed is left alone. It takes the turns of this
 * one allocation only, and whether it was renewed is asked once it has them.
 */
export async function expireAllocation(work: Work, { allocationId }: { allocationId: string }): Promise<void> {
  const seen = await findAllocation(work.tx, allocationId);
  if (seen === undefined || seen.validUntil === null) return;
  const { validUntil } = await takeTurn(work, { allocationId }, seen.deviceId === null && seen.rpkiDeviceId === null);
  if (validUntil === null) return;
  const until = new Date(validUntil);
  if (until > work.now) await enqueueExpiry(work.tx, allocationId, until);
  else await releaseAllocation(work, { allocationId });
}
