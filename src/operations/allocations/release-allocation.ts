import { CasmError } from '../../model/errors.js';
import type { Allocation } from '../../model/allocation.js';
import { findAllocation, lockAllocation, quarantineAllocations, withdrawAllocation } from '../../storage/allocations.js';
import { lockDelivery, markStale } from '../../storage/deliveries.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import { lockPool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';
import { freeAllocations } from './free-allocations.js';

export interface Release {
  readonly allocationId: string;
  readonly ifMatch?: string;
}

/**
 * Gives a prefix back and answers with the state reached. Where a device or a parent CA holds it, they let go first;
 * then it rests in quarantine; then it is free. Repeating it is no error while the allocation is on its way out.
 * @throws CasmError `allocation-not-found`, `precondition-failed`
 */
export async function releaseAllocation(work: Work, { allocationId, ifMatch }: Release): Promise<Allocation> {
  const seen = found(await findAllocation(work.tx, allocationId), 'allocation', allocationId);
  // Turns in the order everyone takes them: pool, or device and parent CA, then the allocation itself.
  const holder = seen.deviceId ?? seen.rpkiDeviceId;
  if (holder === null) await lockPool(work.tx, seen.poolId);
  else await lockDelivery(work.tx, holder);
  const before = found(await lockAllocation(work.tx, allocationId), 'allocation', allocationId);
  checkVersion(ifMatch, before.version);
  if (before.state === 'withdrawing' || before.state === 'quarantined') return before;
  const after = holder === null ? await rest(work, before) : await withdraw(work, before, holder);
  work.audit({ resourceType: 'allocation', resourceId: allocationId, before, after });
  return after;
}

async function withdraw(work: Work, allocation: Allocation, holder: string): Promise<Allocation> {
  const revision = await markStale(work.tx, holder);
  const byDevice = allocation.deviceId !== null;
  await withdrawAllocation(work.tx, allocation.id, { device: byDevice ? revision : null, rpki: byDevice ? null : revision });
  return reread(work, allocation.id);
}

/** Into quarantine, and out of it at once where the pool has none. The pool's turn is held. */
async function rest(work: Work, allocation: Allocation): Promise<Allocation> {
  const [resting] = await quarantineAllocations(work.tx, [allocation.id]);
  if (resting === undefined) throw new CasmError('allocation-not-found', `there is no allocation ${allocation.id}`);
  const quarantined = await reread(work, allocation.id);
  if (resting.until > resting.at) {
    await enqueueReturnOfSpace(work.tx, allocation.poolId, resting.leaves);
    return quarantined;
  }
  await freeAllocations(work.tx, allocation.poolId, [allocation.id]);
  return { ...quarantined, state: 'free', waitingFor: [], quarantinedUntil: null };
}

async function reread(work: Work, id: string): Promise<Allocation> {
  return found(await findAllocation(work.tx, id), 'allocation', id);
}
