import type { Allocation } from '../../model/allocation.js';
import { changeAllocation } from '../../storage/allocation-life.js';
import { markStale } from '../../storage/deliveries.js';
import type { Work } from '../work.js';
import { inUse, requireState, reread, takeTurn, type AllocationTurn } from './allocation-turn.js';

/**
 * Tells the device to hand out nothing new. It is drained when the device has confirmed that and reports it idle
 * (note-idle.ts); without a device at once. Repeating it is no error.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`
 */
export async function drainAllocation(work: Work, turn: AllocationTurn): Promise<Allocation> {
  const before = await takeTurn(work, turn);
  requireState(before, inUse);
  if (before.state === 'draining' || before.state === 'drained') return before;
  if (before.deviceId === null) await changeAllocation(work.tx, before.id, { state: 'drained' });
  else await changeAllocation(work.tx, before.id, { state: 'draining', deviceRevision: await markStale(work.tx, before.deviceId) });
  const after = await reread(work, before.id);
  work.audit({ resourceType: 'allocation', resourceId: after.id, before, after });
  return after;
}
