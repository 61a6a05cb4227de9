import { counted } from '../../model/counted.js';
import { CasmError } from '../../model/errors.js';
import { countServedBy } from '../../storage/served-allocations.js';
import { lockDelivery } from '../../storage/deliveries.js';
import * as devices from '../../storage/devices.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';

/** @throws CasmError `device-not-found`, `precondition-failed`, `device-in-use` */
export async function deleteDevice(work: Work, { deviceId, ifMatch }: { deviceId: string; ifMatch?: string }): Promise<void> {
  await lockDelivery(work.tx, deviceId);
  const before = found(await devices.lockDevice(work.tx, deviceId), 'device', deviceId);
  checkVersion(ifMatch, before.version);
  const served = await countServedBy(work.tx, deviceId);
  if (served > 0) throw new CasmError('device-in-use', `${before.name} still serves ${counted(served, 'allocation')} (quarantined ones count): release them first`);
  await devices.deleteDevice(work.tx, deviceId);
  work.audit({ resourceType: 'device', resourceId: deviceId, before, after: null });
}
