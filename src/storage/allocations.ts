/** The table of allocations: inserted, found, locked, listed, deleted. */
import type { Allocation, AllocationRequest } from '../model/allocation.js';
import type { PageRequest } from '../model/page.js';
import type { Family } from '../model/prefix.js';
import type { Labels } from '../model/space.js';
import { select, toAllocation, type AllocationRow } from './allocation-row.js';
import { later, prepared, row, rows, type Tx } from './sql.js';

export interface NewAllocation {
  readonly id: string;
  readonly spaceId: string;
  readonly poolId: string;
  readonly poolPrefix: string;
  readonly prefix: string;
  /** `reserved` is a hold, not an allocation yet. */
  readonly state: 'reserved' | 'provisioning' | 'active';
  /** The token of the caller a hold is for. */
  readonly heldBy: string | null;
  readonly deviceId: string | null;
  readonly rpkiDeviceId: string | null;
  readonly deviceRevision: string | null;
  readonly rpkiRevision: string | null;
  readonly request: AllocationRequest;
}

/**
 * Inserts allocations as of `now`, and says what they are without waiting for it: all of it is decided here, and if the
 * database disagrees nothing is kept (see later).
 * @returns them in order.
 */
export function insertAllocations(tx: Tx, allocations: readonly NewAllocation[], now: Date): Allocation[] {
  if (allocations.length === 0) return [];
  const column = (of: (allocation: NewAllocation) => unknown): unknown[] => allocations.map(of);
  const insert = prepared(
    tx,
    // As arrays: a set of JSON records costs the database a tenth more a row.
    `insert into allocations (id, space_id, pool_id, pool_prefix, prefix, state, holder, service, labels, device_id, rpki_device_id,
       device_revision, rpki_revision, origin_as, valid_until, request, held_by, created_at, updated_at)
     select x.*, $18, $18 from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::cidr[], $5::cidr[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::uuid[],
       $11::uuid[], $12::bigint[], $13::bigint[], $14::bigint[], $15::timestamptz[], $16::jsonb[], $17::uuid[]) as x`,
    [
      column((one) => one.id),
      column((one) => one.spaceId),
      column((one) => one.poolId),
      column((one) => one.poolPrefix),
      column((one) => one.prefix),
      column((one) => one.state),
      column((one) => one.request.holder),
      column((one) => one.request.service),
      column((one) => JSON.stringify(one.request.labels ?? {})),
      column((one) => one.deviceId),
      column((one) => one.rpkiDeviceId),
      column((one) => one.deviceRevision),
      column((one) => one.rpkiRevision),
      column((one) => one.request.originAs ?? null),
      column((one) => one.request.validUntil ?? null),
      column((one) => JSON.stringify(one.request)),
      column((one) => one.heldBy),
      now,
    ],
  );
  later(tx, insert);
  return allocations.map((allocation) => asInserted(allocation, now));
}

/** The row as it stands after its insert. */
function asInserted({ request, ...allocation }: NewAllocation, now: Date): Allocation {
  return toAllocation({
    id: allocation.id,
    space_id: allocation.spaceId,
    pool_id: allocation.poolId,
    prefix: allocation.prefix,
    state: allocation.state,
    holder: request.holder,
    service: request.service,
    labels: request.labels ?? {},
    device_id: allocation.deviceId,
    rpki_device_id: allocation.rpkiDeviceId,
    origin_as: request.originAs === undefined ? null : String(request.originAs),
    device_pending: allocation.deviceRevision !== null,
    rpki_pending: allocation.rpkiRevision !== null,
    valid_until: request.validUntil === undefined ? null : new Date(request.validUntil),
    quarantined_until: null,
    request,
    version: '1',
    created_at: now,
    updated_at: now,
  });
}

export async function findAllocation(tx: Tx, id: string): Promise<Allocation | undefined> {
  const found = await row<AllocationRow>(tx, `${select} where a.id = $1 and a.state <> 'reserved'`, [id]);
  return found && toAllocation(found);
}

/** Whose turn a release of it needs: that of the device or parent CA in whose hands it is, or of its pool. Of holds, too. */
export async function releasedBy(tx: Tx, id: string): Promise<{ poolId: string; servedBy: string | null } | undefined> {
  const [found] = await prepared<{ poolId: string; servedBy: string | null }>(tx, 'select pool_id as "poolId", coalesce(device_id, rpki_device_id) as "servedBy" from allocations where id = $1', [id]);
  return found;
}

/** Those of them that there are, by id. */
export async function findAllocations(tx: Tx, ids: readonly string[]): Promise<Map<string, Allocation>> {
  if (ids.length === 0) return new Map();
  const found = await prepared<AllocationRow>(tx, `${select} where a.id = any($1::uuid[]) and a.state <> 'reserved'`, [ids]);
  return new Map(found.map((one) => [one.id, toAllocation(one)]));
}

/** Takes the turns of several allocations, by id; after those of their pools and of their deliveries, never before. */
export async function lockAllocations(tx: Tx, ids: readonly string[]): Promise<Map<string, Allocation>> {
  if (ids.length === 0) return new Map();
  const found = await prepared<AllocationRow>(tx, `${select} where a.id = any($1::uuid[]) and a.state <> 'reserved' order by a.id for no key update of a`, [ids]);
  return new Map(found.map((one) => [one.id, toAllocation(one)]));
}

/** Takes the allocation's turn; after the turns of its pool and of its deliveries, never before. */
export async function lockAllocation(tx: Tx, id: string): Promise<Allocation | undefined> {
  const found = await row<AllocationRow>(tx, `${select} where a.id = $1 and a.state <> 'reserved' for no key update of a`, [id]);
  return found && toAllocation(found);
}

export async function deleteAllocations(tx: Tx, ids: readonly string[]): Promise<{ prefix: string; poolPrefix: string }[]> {
  return prepared(tx, 'delete from allocations where id = any($1::uuid[]) returning prefix::text, pool_prefix::text as "poolPrefix"', [ids]);
}

/** Allocations and child pools in the way of a prefix of this pool. */
export async function inTheWay(tx: Tx, poolId: string, prefix: string): Promise<string[]> {
  const found = await rows<{ prefix: string }>(
    tx,
    `select prefix::text from allocations where pool_id = $1 and prefix && $2::cidr
     union all select prefix::text from pool_prefixes where parent_id = $1 and prefix && $2::cidr limit 20`,
    [poolId, prefix],
  );
  return found.map((taken) => taken.prefix);
}

export interface AllocationFilter {
  readonly spaceId?: string;
  readonly poolId?: string;
  readonly deviceId?: string;
  readonly within?: string;
  readonly contains?: string;
  readonly family?: Family;
  readonly holder?: string;
  readonly state?: string;
  readonly labels?: Labels;
}

export async function listAllocations(tx: Tx, page: PageRequest, filter: AllocationFilter): Promise<Allocation[]> {
  const conditions: string[] = [`a.state <> 'reserved'`];
  const parameters: unknown[] = [];
  const where = (condition: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    parameters.push(value);
    conditions.push(condition.replaceAll('?', `$${parameters.length}`));
  };
  where('a.id > ?', page.after);
  where('a.space_id = ?', filter.spaceId);
  where('a.pool_id = ?', filter.poolId);
  where('(a.device_id = ? or a.rpki_device_id = ?)', filter.deviceId);
  where('a.prefix <<= ?::cidr', filter.within);
  where('a.prefix >>= ?::inet', filter.contains);
  where('family(a.prefix) = ?', filter.family === undefined ? undefined : Number(filter.family.slice(3)));
  where('a.holder = ?', filter.holder);
  where('a.state = ?', filter.state);
  where('a.labels @> ?', filter.labels);
  parameters.push(page.limit + 1);
  const found = await rows<AllocationRow>(
    tx,
    `${select} ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''} order by a.id limit $${parameters.length}`,
    parameters,
  );
  return found.map(toAllocation);
}
