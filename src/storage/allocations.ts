/** The table of allocations: what is in use, and what each of them still waits for. */
import type { Allocation, AllocationRequest, AllocationState, Awaited } from '../model/allocation.js';
import type { PageRequest } from '../model/page.js';
import type { Family } from '../model/prefix.js';
import type { Labels } from '../model/space.js';
import { later, oneRow, row, rows, time, type Tx } from './sql.js';

interface AllocationRow {
  id: string;
  space_id: string;
  pool_id: string;
  prefix: string;
  state: Exclude<AllocationState, 'free'>;
  holder: string;
  service: string;
  labels: Labels;
  device_id: string | null;
  rpki_device_id: string | null;
  origin_as: string | null;
  device_pending: boolean;
  rpki_pending: boolean;
  valid_until: Date | null;
  quarantined_until: Date | null;
  request: AllocationRequest;
  version: string;
  created_at: Date;
  updated_at: Date;
}

/** Evidence is read, not stored: a revision is confirmed when the device's delivery has applied it. */
const select = `
  select a.*, coalesce(a.device_revision > d.applied_revision, false) as device_pending, coalesce(a.rpki_revision > r.applied_revision, false) as rpki_pending
  from allocations a left join deliveries d on d.device_id = a.device_id left join deliveries r on r.device_id = a.rpki_device_id`;

function toAllocation(found: AllocationRow): Allocation {
  const waitingFor: Awaited[] = [];
  if (found.device_pending) waitingFor.push('device');
  if (found.state === 'draining') waitingFor.push('idle');
  if (found.rpki_pending) waitingFor.push('certificate');
  if (found.state === 'quarantined') waitingFor.push('quarantine');
  const certified = found.rpki_device_id !== null && found.state !== 'quarantined';
  return {
    id: found.id,
    spaceId: found.space_id,
    poolId: found.pool_id,
    prefix: found.prefix,
    family: found.prefix.includes(':') ? 'ipv6' : 'ipv4',
    state: found.state,
    waitingFor,
    holder: found.holder,
    service: found.service,
    deviceId: found.device_id,
    rpkiDeviceId: found.rpki_device_id,
    certification: !certified ? 'none' : found.rpki_pending && found.state !== 'withdrawing' ? 'requested' : 'issued',
    originAs: found.origin_as === null ? null : Number(found.origin_as),
    labels: found.labels,
    validUntil: time(found.valid_until),
    quarantinedUntil: time(found.quarantined_until),
    version: found.version,
    createdAt: time(found.created_at),
    updatedAt: time(found.updated_at),
    request: found.request,
  };
}

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
  const insert = rows(
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

/** Those of them that there are, by id. */
export async function findAllocations(tx: Tx, ids: readonly string[]): Promise<Map<string, Allocation>> {
  if (ids.length === 0) return new Map();
  const found = await rows<AllocationRow>(tx, `${select} where a.id = any($1::uuid[]) and a.state <> 'reserved'`, [ids]);
  return new Map(found.map((one) => [one.id, toAllocation(one)]));
}

/** Takes the turns of several allocations, by id; after those of their pools and of their deliveries, never before. */
export async function lockAllocations(tx: Tx, ids: readonly string[]): Promise<Map<string, Allocation>> {
  if (ids.length === 0) return new Map();
  const found = await rows<AllocationRow>(tx, `${select} where a.id = any($1::uuid[]) and a.state <> 'reserved' order by a.id for no key update of a`, [ids]);
  return new Map(found.map((one) => [one.id, toAllocation(one)]));
}

/** Takes the allocation's turn; after the turns of its pool and of its deliveries, never before. */
export async function lockAllocation(tx: Tx, id: string): Promise<Allocation | undefined> {
  const found = await row<AllocationRow>(tx, `${select} where a.id = $1 and a.state <> 'reserved' for no key update of a`, [id]);
  return found && toAllocation(found);
}

export async function withdrawAllocations(tx: Tx, ids: readonly string[], revisions: { device: string | null; rpki: string | null }): Promise<void> {
  await rows(
    tx,
    `update allocations set state = 'withdrawing', device_revision = $2, rpki_revision = $3, version = version + 1, updated_at = now() where id = any($1::uuid[])`,
    [ids, revisions.device, revisions.rpki],
  );
}

/** @returns when each may leave: at the end of its quarantine, or at once where the pool has a cap that may be exceeded now. */
export async function quarantineAllocations(tx: Tx, ids: readonly string[]): Promise<{ id: string; poolId: string; at: Date; until: Date; leaves: Date }[]> {
  return rows(
    tx,
    `update allocations a set state = 'quarantined', version = a.version + 1, updated_at = now(),
       quarantined_until = now() + make_interval(secs => (p.policy ->> 'quarantineSeconds')::float)
     from pools p where p.id = a.pool_id and a.id = any($1::uuid[]) returning a.id, a.pool_id as "poolId", now() as at, a.quarantined_until as until,
       case when p.policy #>> array['quarantineMaxAddresses', 'ipv' || family(a.prefix)] is null then a.quarantined_until else now() end as leaves`,
    [ids],
  );
}

export async function activateAllocations(tx: Tx, ids: readonly string[]): Promise<void> {
  await rows(tx, `update allocations set state = 'active', version = version + 1, updated_at = now() where id = any($1::uuid[])`, [ids]);
}

/** Sets the revision in which the parent CA learns that these are to be shrunk away. */
export async function awaitCertificateShrink(tx: Tx, ids: readonly string[], revision: string): Promise<void> {
  await rows(tx, 'update allocations set rpki_revision = $2, version = version + 1, updated_at = now() where id = any($1::uuid[])', [ids, revision]);
}

export interface EvidencedAllocation {
  readonly id: string;
  readonly state: 'provisioning' | 'withdrawing';
  readonly rpkiDeviceId: string | null;
  /** Whether the shrink has been asked for yet; for a withdrawing allocation that is certified. */
  readonly shrinkAsked: boolean;
}

/** Allocations on this device that wait, and whose every revision asked for so far is confirmed; locked. */
export async function lockEvidenced(tx: Tx, deviceId: string): Promise<EvidencedAllocation[]> {
  return rows(
    tx,
    `select a.id, a.state, a.rpki_device_id as "rpkiDeviceId", a.rpki_revision is not null as "shrinkAsked"
     from allocations a left join deliveries d on d.device_id = a.device_id left join deliveries r on r.device_id = a.rpki_device_id
     where (a.device_id = $1 or a.rpki_device_id = $1) and a.state in ('provisioning', 'withdrawing')
       and (a.device_revision is null or a.device_revision <= d.applied_revision)
       and (a.rpki_revision is null or a.rpki_revision <= r.applied_revision)
     order by a.id for no key update of a`,
    [deviceId],
  );
}

/** Parent CAs that must learn of something once this device has confirmed what it was told; ordered for locking. */
export async function shrinksPending(tx: Tx, deviceId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select distinct rpki_device_id as id from allocations
     where device_id = $1 and state = 'withdrawing' and rpki_device_id is not null and rpki_revision is null order by 1`,
    [deviceId],
  );
  return found.map((parent) => parent.id);
}

export async function deleteAllocations(tx: Tx, ids: readonly string[]): Promise<{ prefix: string; poolPrefix: string }[]> {
  return rows(tx, 'delete from allocations where id = any($1::uuid[]) returning prefix::text, pool_prefix::text as "poolPrefix"', [ids]);
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

/**
 * Quarantined allocations of a pool that leave: their time is over, or those that rest longer fill the family's cap without
 * them. Locked.
 */
export async function lockRested(tx: Tx, poolId: string): Promise<Allocation[]> {
  const found = await rows<AllocationRow>(
    tx,
    `with caps as (
       select f as family, (policy #>> array['quarantineMaxAddresses', 'ipv' || f])::numeric as addresses from pools, unnest(array[4, 6]) as f where id = $1
     ), resting as (
       select q.id, sum(power(2::numeric, (case family(q.prefix) when 4 then 32 else 128 end) - masklen(q.prefix)))
         over (partition by family(q.prefix) order by q.quarantined_until desc, q.id desc) as addresses, c.addresses as most
       from allocations q join caps c on c.family = family(q.prefix) and c.addresses is not null where q.pool_id = $1 and q.state = 'quarantined'
     )
     ${select} where a.pool_id = $1 and a.state = 'quarantined' and (a.quarantined_until <= now() or a.id in (select id from resting where addresses > most))
     order by a.id limit 5000 for no key update of a`,
    [poolId],
  );
  return found.map(toAllocation);
}

/** When the next quarantine of the pool ends; null when there is none. */
export async function nextRested(tx: Tx, poolId: string): Promise<Date | null> {
  const { next } = await oneRow<{ next: Date | null }>(tx, `select min(quarantined_until) as next from allocations where pool_id = $1 and state = 'quarantined'`, [poolId]);
  return next;
}

export async function countServedBy(tx: Tx, deviceId: string): Promise<number> {
  const { count } = await oneRow<{ count: string }>(tx, 'select count(*) from allocations where device_id = $1 or rpki_device_id = $1', [deviceId]);
  return Number(count);
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
