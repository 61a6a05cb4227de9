import { activateAllocations, awaitCertificateShrink, lockEvidenced, shrinksPending, type EvidencedAllocation } from '../../storage/allocation-evidence.js';
import { quarantineAllocations } from '../../storage/allocation-quarantine.js';
import { findAllocations } from '../../storage/allocations.js';
import { lockDelivery, markStale, noteApplied } from '../../storage/deliveries.js';
import { noteSeen } from '../../storage/devices.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import type { Work } from '../work.js';

export interface Settlement {
  readonly deviceId: string;
  /** The revision the device has confirmed. */
  readonly revision: string;
}

/**
 * A device has confirmed a revision: the evidence moves its allocations on. Provisioning ends in use; withdrawing goes
 * on to the parent CA where there is one, and then to quarantine. A newer revision stays stale.
 */
export async function settleDelivery(work: Work, { deviceId, revision }: Settlement): Promise<void> {
  const { tx } = work;
  if ((await lockDelivery(tx, deviceId)) === undefined) return;
  await noteApplied(tx, deviceId, revision);
  await noteSeen(tx, deviceId);
  // Parent CAs take their turn after the device and before the allocations, as everywhere.
  for (const parentCa of await shrinksPending(tx, deviceId)) await lockDelivery(tx, parentCa);
  const evidenced = await lockEvidenced(tx, deviceId);
  if (evidenced.length === 0) return;
  const ids = evidenced.map((one) => one.id);
  const before = await findAllocations(tx, ids);
  await activate(work, evidenced.filter((one) => one.state === 'provisioning'));
  const leaving = evidenced.filter((one) => one.state === 'withdrawing');
  await shrink(work, leaving.filter(needsShrink));
  await rest(work, leaving.filter((one) => !needsShrink(one)));
  for (const [id, after] of await findAllocations(tx, ids)) work.audit({ resourceType: 'allocation', resourceId: id, before: before.get(id) ?? null, after });
}

function needsShrink(one: EvidencedAllocation): boolean {
  return one.rpkiDeviceId !== null && !one.shrinkAsked;
}

async function activate(work: Work, ready: readonly EvidencedAllocation[]): Promise<void> {
  if (ready.length === 0) return;
  await activateAllocations(work.tx, ready.map((one) => one.id));
}

async function shrink(work: Work, leaving: readonly EvidencedAllocation[]): Promise<void> {
  for (const [parentCa, ones] of Map.groupBy(leaving, (one) => one.rpkiDeviceId)) {
    if (parentCa === null) continue;
    await awaitCertificateShrink(work.tx, ones.map((one) => one.id), await markStale(work.tx, parentCa));
  }
}

async function rest(work: Work, gone: readonly EvidencedAllocation[]): Promise<void> {
  if (gone.length === 0) return;
  const resting = await quarantineAllocations(work.tx, gone.map((one) => one.id));
  for (const [poolId, ones] of Map.groupBy(resting, (one) => one.poolId)) {
    const first = Math.min(...ones.map((one) => one.leaves.getTime()));
    await enqueueReturnOfSpace(work.tx, poolId, new Date(first));
  }
}
