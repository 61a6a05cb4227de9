/** Who serves an allocation: the device that uses the prefix, and the parent CA that certifies it. */
import type { Device } from '../../model/device.js';
import { CasmError } from '../../model/errors.js';
import { formatPrefix, type Prefix } from '../../model/prefix.js';
import { specialPurposeOf } from '../../model/special-purpose.js';
import { findDevice, parentCasOf } from '../../storage/devices.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `device-not-found`, `device-unsuitable` */
export async function servingDevice(tx: Tx, deviceId: string, spaceId: string): Promise<Device> {
  const device = found(await findDevice(tx, deviceId), 'device', deviceId);
  if (device.kind === 'rpki') throw new CasmError('device-unsuitable', `${device.name} is a parent CA and uses no prefixes: ask for certify instead`);
  if (device.spaceId !== spaceId) throw new CasmError('device-unsuitable', `${device.name} is in another space than the pool`);
  return device;
}

/** @throws CasmError `certification-refused` when the prefix cannot be certified or nobody is there to do it. */
export async function parentCaFor(tx: Tx, spaceId: string, prefix: Prefix): Promise<Device> {
  const special = specialPurposeOf(prefix);
  if (special !== undefined) {
    throw new CasmError('certification-refused', `${formatPrefix(prefix)} is in ${formatPrefix(special.prefix)}, ${special.name}: no parent CA certifies that`, { prefix: formatPrefix(prefix) });
  }
  const [parent] = await parentCasOf(tx, spaceId);
  if (parent === undefined) throw new CasmError('certification-refused', 'the space has no active device of kind rpki to ask');
  return parent;
}
