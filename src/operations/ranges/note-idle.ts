import { findAllocation, lockAllocation } from '../../storage/allocations.js';
import { changeAllocation, drainingConfirmed } from '../../storage/allocation-life.js';
import { lockDelivery } from '../../storage/deliveries.js';
import type { Work } from '../work.js';

export interface IdleRanges {
  readonly deviceId: string;
  readonly ids: readonly string[];
  /** The revision the device held when it found them idle; null when it did not say: then that it had confirmed one by now. */
  readonly revision: string | null;
}

/**
 * The evidence that ends a drain: the device has confirmed that it hands out nothing new, and has since found that nothing is
 * assigned any more. Found before, it proves nothing: an address may have been handed out in between.
 */
export async function noteIdle(work: Work, { deviceId, ids, revision }: IdleRanges): Promise<void> {
  const { tx } = work;
  if (ids.length === 0 || (await drainingConfirmed(tx, deviceId, ids, revision)).length === 0) return;
  await lockDelivery(tx, deviceId);
  for (const id of await drainingConfirmed(tx, deviceId, ids, revision)) {
    const before = await lockAllocation(tx, id);
    if (before?.state !== 'draining') continue;
    await changeAllocation(tx, id, { state: 'drained' });
    work.audit({ resourceType: 'allocation', resourceId: id, before, after: (await findAllocation(tx, id)) ?? null });
  }
}
