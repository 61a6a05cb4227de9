import type { Delivery } from '../../model/device.js';
import { CasmError } from '../../model/errors.js';
import { findDelivery, lockDelivery, noteFailed } from '../../storage/deliveries.js';
import { noteSeen } from '../../storage/devices.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { settleDelivery } from './settle-delivery.js';

export interface Acknowledgement {
  readonly deviceId: string;
  readonly revision: string;
  readonly applied: boolean;
  readonly errors?: readonly string[];
}

/**
 * A pulling device confirms or refuses a revision. Repeating an acknowledgement, or one that is overtaken, is no error.
 * @throws CasmError `device-not-found`, `revision-unknown` for a revision it was never given
 */
export async function acknowledgeDocument(work: Work, ack: Acknowledgement): Promise<Delivery> {
  const { deviceId } = ack;
  const before = found(await lockDelivery(work.tx, deviceId), 'device', deviceId);
  if (BigInt(ack.revision) > BigInt(before.renderedRevision)) {
    throw new CasmError('revision-unknown', `revision ${ack.revision} was not given to the device: the newest it was given is ${before.renderedRevision}`);
  }
  if (ack.applied) await settleDelivery(work, { deviceId, revision: ack.revision });
  else await refused(work, ack);
  const after = found(await findDelivery(work.tx, deviceId), 'device', deviceId);
  work.audit({ resourceType: 'delivery', resourceId: deviceId, before, after });
  return after;
}

async function refused(work: Work, { deviceId, revision, errors }: Acknowledgement): Promise<void> {
  await noteSeen(work.tx, deviceId);
  const error = `the device refused revision ${revision}: ${errors?.join('; ') || 'it gave no reason'}`;
  await noteFailed(work.tx, deviceId, { revision, error, rejected: true, nextAttemptAt: null });
}
