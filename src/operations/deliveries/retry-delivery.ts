import type { Delivery } from '../../model/device.js';
import { findDelivery, lockDelivery, markStale } from '../../storage/deliveries.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';

/**
 * Delivers the whole document again, now: as a new revision, so that it goes out even when nothing has changed.
 * @throws CasmError `device-not-found`
 */
export async function retryDelivery(work: Work, { deviceId }: { deviceId: string }): Promise<Delivery> {
  const before = found(await lockDelivery(work.tx, deviceId), 'device', deviceId);
  await markStale(work.tx, deviceId, { now: true });
  const after = found(await findDelivery(work.tx, deviceId), 'device', deviceId);
  work.audit({ resourceType: 'delivery', resourceId: deviceId, before, after });
  return after;
}
