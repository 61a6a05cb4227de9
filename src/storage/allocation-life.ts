/** The table of allocations: what changes in the life of one that stays. How it ends is in allocations.ts. */
import type { AllocationState } from '../model/allocation.js';
import type { Labels } from '../model/space.js';
import { rows, type Tx } from './sql.js';

/** What is undefined stays. */
export interface AllocationChange {
  readonly state?: Exclude<AllocationState, 'free'>;
  readonly holder?: string;
  readonly service?: string;
  readonly labels?: Labels;
  readonly validUntil?: string | null;
  readonly originAs?: number | null;
  readonly prefix?: string;
  readonly poolId?: string;
  readonly poolPrefix?: string;
  /** The revision in which the device, or the parent CA, learns of the change. */
  readonly deviceRevision?: string;
  readonly rpkiRevision?: string;
}

const columns: Readonly<Record<keyof AllocationChange, string>> = {
  state: 'state',
  holder: 'holder',
  service: 'service',
  labels: 'labels',
  validUntil: 'valid_until',
  originAs: 'origin_as',
  prefix: 'prefix',
  poolId: 'pool_id',
  poolPrefix: 'pool_prefix',
  deviceRevision: 'device_revision',
  rpkiRevision: 'rpki_revision',
};

/** The caller holds the turn of the allocation, and of all whom the change concerns. */
export async function changeAllocation(tx: Tx, id: string, change: AllocationChange): Promise<void> {
  const given = (Object.keys(columns) as (keyof AllocationChange)[]).filter((key) => change[key] !== undefined);
  const assignments = given.map((key, at) => `${columns[key]} = $${at + 2}, `).join('');
  await rows(tx, `update allocations set ${assignments}version = version + 1, updated_at = now() where id = $1`, [id, ...given.map((key) => change[key])]);
}

/**
 * Those of the allocations that drain on this device and of whose drain it has confirmed the revision.
 * @param revision the one the device held when it found them idle; null when it did not say.
 */
export async function drainingConfirmed(tx: Tx, deviceId: string, ids: readonly string[], revision: string | null): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select a.id from allocations a join deliveries d on d.device_id = a.device_id
     where a.device_id = $1 and a.id = any($2::uuid[]) and a.state = 'draining' and a.device_revision <= d.applied_revision
       and ($3::bigint is null or a.device_revision <= $3) order by a.id`,
    [deviceId, ids, revision],
  );
  return found.map((allocation) => allocation.id);
}
