import { lockDelivery, markStale } from '../../storage/deliveries.js';
import type { Work } from '../work.js';
import { settleDelivery, type Settlement } from './settle-delivery.js';

/**
 * A push has been confirmed. If a newer revision was confirmed while this one was on its way (two controllers, one of
 * them slow), the device may hold the older one now: the document goes out once more.
 */
export async function settlePush(work: Work, settlement: Settlement): Promise<void> {
  const before = await lockDelivery(work.tx, settlement.deviceId);
  if (before === undefined) return;
  await settleDelivery(work, settlement);
  if (BigInt(settlement.revision) < BigInt(before.appliedRevision)) await markStale(work.tx, settlement.deviceId);
}
