import { overdueQuarantines } from '../../storage/allocation-quarantine.js';
import { deleteKeysBefore } from '../../storage/idempotency-keys.js';
import { markStale, parentCasConfirmedBefore, staleDevices } from '../../storage/deliveries.js';
import { enqueueDelivery, enqueueReturnOfSpace, enqueueServing } from '../../storage/jobs.js';
import { deleteAlarmsClearedBefore } from '../../storage/alarms.js';
import { deleteLostQuotaChanges } from '../../storage/quotas.js';
import { deleteImportsBefore } from '../../storage/imports.js';
import { deleteReportsBefore } from '../../storage/reports.js';
import { thinSamples } from '../../storage/usage-samples.js';
import { awaitedPools } from '../../storage/waiting-queues.js';
import { deleteWaitingEndedBefore } from '../../storage/waiting-requests.js';
import type { Work } from '../work.js';

const hour = 3_600_000;

/**
 * Forgets what is past keeping (idempotency keys after a day; reports, finished imports and requests that wait no more after a
 * month; cleared alarms after a year; usage samples by their grain) and sees to it that every stale device, every pool that is
 * waited for and every quarantine that is over has a job: nothing should be missing one, and none must wait for somebody to
 * notice. Parent CAs are talked to at least twice a day, so that certificates are renewed in time.
 */
export async function sweep({ tx, now }: Work): Promise<void> {
  await deleteKeysBefore(tx, new Date(now.getTime() - 24 * hour));
  await thinSamples(tx, now);
  await deleteImportsBefore(tx, new Date(now.getTime() - hour), new Date(now.getTime() - 30 * 24 * hour));
  await deleteAlarmsClearedBefore(tx, new Date(now.getTime() - 365 * 24 * hour));
  await deleteWaitingEndedBefore(tx, new Date(now.getTime() - 30 * 24 * hour));
  await deleteLostQuotaChanges(tx);
  await enqueueServing(tx, await awaitedPools(tx));
  for (const poolId of await overdueQuarantines(tx)) await enqueueReturnOfSpace(tx, poolId, now);
  await deleteReportsBefore(tx, new Date(now.getTime() - 30 * 24 * hour));
  for (const deviceId of await parentCasConfirmedBefore(tx, new Date(now.getTime() - 12 * hour))) await markStale(tx, deviceId);
  for (const deviceId of await staleDevices(tx)) await enqueueDelivery(tx, deviceId);
}
