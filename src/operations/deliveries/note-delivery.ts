/** What the dispatcher and the pull door note of a delivery on its way. */
import { noteFailed, noteRendered } from '../../storage/deliveries.js';
import { noteSeen } from '../../storage/devices.js';
import { enqueueDelivery } from '../../storage/jobs.js';
import type { Work } from '../work.js';

/** A pull is a sign of life, whether it brings anything new or not. */
export async function seenDevice(work: Work, { deviceId }: { deviceId: string }): Promise<void> {
  await noteSeen(work.tx, deviceId);
}

export async function renderedDelivery(work: Work, { deviceId, revision }: { deviceId: string; revision: string }): Promise<void> {
  await noteRendered(work.tx, deviceId, revision);
}

export interface Failure {
  readonly deviceId: string;
  /** The revision that was to be delivered. */
  readonly revision: string;
  readonly error: string;
  /** When to try again; null parks the delivery as rejected, unless a newer revision is wanted by now. */
  readonly retryAt: Date | null;
}

export async function failedDelivery(work: Work, { deviceId, revision, error, retryAt }: Failure): Promise<void> {
  await noteFailed(work.tx, deviceId, { revision, error, rejected: retryAt === null, nextAttemptAt: retryAt });
  if (retryAt !== null) await enqueueDelivery(work.tx, deviceId, { runAt: retryAt });
}
