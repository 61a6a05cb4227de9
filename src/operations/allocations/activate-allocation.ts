import type { Allocation } from '../../model/allocation.js';
import { changeAllocation } from '../../storage/allocation-life.js';
import { markStale } from '../../storage/deliveries.js';
import { getPool } from '../pools/get-pool.js';
import { requireOpen } from '../pools/require-open.js';
import type { Work } from '../work.js';
import { inUse, requireState, reread, takeTurn, type AllocationTurn } from './allocation-turn.js';

/**
 * Cancels a drain. The device learns of it like of a new range: until it has confirmed, the allocation is provisioning.
 * Repeating it is no error.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`, `pool-retiring`
 */
export async function activateAllocation(work: Work, turn: AllocationTurn): Promise<Allocation> {
  const before = await takeTurn(work, turn, true);
  requireState(before, inUse);
  if (before.state === 'provisioning' || before.state === 'active') return before;
  requireOpen(await getPool(work.tx, before));
  const deviceRevision = before.deviceId === null ? undefined : await markStale(work.tx, before.deviceId);
  const awaited = deviceRevision !== undefined || before.waitingFor.includes('certificate');
  await changeAllocation(work.tx, before.id, { state: awaited ? 'provisioning' : 'active', deviceRevision });
  const after = await reread(work, before.id);
  work.audit({ resourceType: 'allocation', resourceId: after.id, before, after });
  return after;
}
