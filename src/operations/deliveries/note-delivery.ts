/** What the dispatcher and the pull door note of a delivery on its way. */
import { noteFailed, noteRendered } from '../../storage/deliveries.js';
import { noteSeen } from '../../storage/devices.js';
import { enqueueDelivery } from '../../storage/jobs.js';
import type { Work } from '../work.js';

export async function renderedDelivery(work: Work, { deviceId, revision, pulled }: { deviceId: string; revision: string; pulled: boolean }): Promise<void> {
  await noteRendered(work.tx, deviceId, revision);
  if (pulled) await noteSeen(work.tx, deviceId);
}

/** @param retryAt when to try again; null parks the delivery as rejected. */
export async function failedDelivery(work: Work, { deviceId, error, retryAt }: { deviceId: string; error: string; retryAt: Date | null }): Promise<void> {
  await noteFailed(work.tx, deviceId, { error, rejected: retryAt === null, nextAttemptAt: retryAt });
  if (retryAt !== null) await enqueueDelivery(work.tx, deviceId, { runAt: retryAt });
}
