import type { Device } from '../../model/device.js';
import { findDevice, lockDevice, setEnrolment } from '../../storage/devices.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';

/** Stores what the device's peer must be told before it will talk to us, for the operator to read. */
export async function enrolDevice(work: Work, { deviceId, enrolment }: { deviceId: string; enrolment: string }): Promise<Device> {
  const before = found(await lockDevice(work.tx, deviceId), 'device', deviceId);
  await setEnrolment(work.tx, deviceId, enrolment);
  const after = found(await findDevice(work.tx, deviceId), 'device', deviceId);
  work.audit({ resourceType: 'device', resourceId: deviceId, before, after });
  return after;
}
