import type { Delivery, Device } from '../../model/device.js';
import type { DeviceDocument } from '../../model/document.js';
import { certifiedBy, servedBy } from '../../storage/served-allocations.js';
import { findDelivery } from '../../storage/deliveries.js';
import { findDevice } from '../../storage/devices.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';
import { renderDocument } from './render-document.js';

export interface CurrentDocument {
  readonly device: Device;
  readonly delivery: Delivery;
  readonly document: DeviceDocument;
}

/**
 * What a device should hold at the revision now wanted. Asked as a question it is of one moment: document and revision
 * belong together.
 * @throws CasmError `device-not-found`
 */
export async function getDeviceDocument(tx: Tx, { deviceId }: { deviceId: string }): Promise<CurrentDocument> {
  const device = found(await findDevice(tx, deviceId), 'device', deviceId);
  const delivery = found(await findDelivery(tx, deviceId), 'device', deviceId);
  const served = device.kind === 'rpki' ? [] : await servedBy(tx, deviceId);
  const certified = device.kind === 'rpki' ? await certifiedBy(tx, deviceId) : [];
  return { device, delivery, document: renderDocument(device, delivery.wantedRevision, served, certified) };
}

/** The revision alone: what a waiting pull looks at. */
export async function getWantedRevision(tx: Tx, { deviceId }: { deviceId: string }): Promise<string> {
  return found(await findDelivery(tx, deviceId), 'device', deviceId).wantedRevision;
}
