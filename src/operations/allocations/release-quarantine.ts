import type { Allocation } from '../../model/allocation.js';
import type { Work } from '../work.js';
import { requireState, takeTurn, type AllocationTurn } from './allocation-turn.js';
import { freeAllocations } from './free-allocations.js';

/**
 * Ends a quarantine before its time. Only the timer is cut short: what still waits for a device or a parent CA is not in
 * quarantine yet, and no reason takes the place of their evidence.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`
 */
export async function releaseQuarantine(work: Work, { reason, ...turn }: AllocationTurn & { reason: string }): Promise<Allocation> {
  const before = await takeTurn(work, turn, true);
  requireState(before, ['quarantined']);
  await freeAllocations(work.tx, before.poolId, [before.id]);
  const after: Allocation = { ...before, state: 'free', waitingFor: [], quarantinedUntil: null };
  work.audit({ resourceType: 'allocation', resourceId: before.id, before, after: { ...after, reason } });
  return after;
}
