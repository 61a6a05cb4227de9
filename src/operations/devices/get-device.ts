import type { Device } from '../../model/device.js';
import { findDevice } from '../../storage/devices.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `device-not-found` */
export async function getDevice(tx: Tx, { deviceId }: { deviceId: string }): Promise<Device> {
  return found(await findDevice(tx, deviceId), 'device', deviceId);
}
