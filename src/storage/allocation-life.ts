/** The table of allocations: what changes in the life of one that stays. How it ends is in allocations.ts. */
import type { AllocationState } from '../model/allocation.js';
import type { Labels } from '../model/space.js';
import { oneRow, rows, type Tx } from './sql.js';

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

/** The prefix of its pool that the allocation lies in. */
export async function poolPrefixOf(tx: Tx, id: string): Promise<string> {
  const { prefix } = await oneRow<{ prefix: string }>(tx, 'select pool_prefix::text as prefix from allocations where id = $1', [id]);
  return prefix;
}

/** Parts of an allocation become allocations of their own, served by the same. The caller has shrunk it already. */
export async function splitOff(tx: Tx, id: string, parts: readonly { id: string; prefix: string }[]): Promise<void> {
  await rows(
    tx,
    `insert into allocations (id, space_id, pool_id, pool_prefix, prefix, state, holder, service, labels, device_id, rpki_device_id, origin_as, device_revision, rpki_revision, request)
     select t.id, a.space_id, a.pool_id, a.pool_prefix, t.prefix, a.state, a.holder, a.service, a.labels, a.device_id, a.rpki_device_id, a.origin_as, a.device_revision, a.rpki_revision,
       a.request - array['poolSelector', 'holdId', 'prefixLength', 'placement', 'family', 'allowedPrefixes', 'disallowedPrefixes', 'wait', 'validUntil']
         || jsonb_build_object('poolId', a.pool_id, 'prefix', t.prefix::text)
     from allocations a, unnest($2::uuid[], $3::cidr[]) as t (id, prefix) where a.id = $1`,
    [id, parts.map((part) => part.id), parts.map((part) => part.prefix)],
  );
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
