/** Allocations from the side of who serves them: what a device should hold, and a parent CA certify. */
import type { AllocationState } from '../model/allocation.js';
import { oneRow, rows, type Tx } from './sql.js';

export async function countServedBy(tx: Tx, deviceId: string): Promise<number> {
  const { count } = await oneRow<{ count: string }>(tx, 'select count(*) from allocations where device_id = $1 or rpki_device_id = $1', [deviceId]);
  return Number(count);
}

export interface ServedAllocation {
  readonly id: string;
  readonly prefix: string;
  readonly state: AllocationState;
  readonly holder: string;
  readonly service: string;
  readonly originAs: number | null;
}

/** What a bng, dhcp or cgn device should hold: all on their way to it, in use or draining; none that is leaving. */
export async function servedBy(tx: Tx, deviceId: string): Promise<ServedAllocation[]> {
  return rows(
    tx,
    `select id, prefix::text, state, holder, service, origin_as::float8 as "originAs" from allocations a
     where device_id = $1 and state in ('provisioning', 'active', 'draining', 'drained') order by a.prefix`,
    [deviceId],
  );
}

/** What a parent CA should certify: also what is leaving, until its device has let go of it. */
export async function certifiedBy(tx: Tx, rpkiDeviceId: string): Promise<ServedAllocation[]> {
  return rows(
    tx,
    `select id, prefix::text, state, holder, service, origin_as::float8 as "originAs" from allocations a
     where rpki_device_id = $1 and (state in ('provisioning', 'active', 'draining', 'drained') or (state = 'withdrawing' and rpki_revision is null))
     order by a.prefix`,
    [rpkiDeviceId],
  );
}
