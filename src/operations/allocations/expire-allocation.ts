import { CasmError } from '../../model/errors.js';
import { findAllocation } from '../../storage/allocations.js';
import { enqueueExpiries } from '../../storage/jobs.js';
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
  const validUntil = await untilInTurn(work, allocationId, seen.deviceId === null && seen.rpkiDeviceId === null);
  if (validUntil === null) return;
  const until = new Date(validUntil);
  if (until > work.now) await enqueueExpiries(work.tx, [{ id: allocationId, runAt: until }]);
  else await releaseAllocation(work, { allocationId });
}

/** Null, too, when it was released while we waited for our turn. */
async function untilInTurn(work: Work, allocationId: string, pool: boolean): Promise<string | null> {
  try {
    return (await takeTurn(work, { allocationId }, pool)).validUntil;
  } catch (error) {
    if (error instanceof CasmError && error.code === 'allocation-not-found') return null;
    throw error;
  }
}
