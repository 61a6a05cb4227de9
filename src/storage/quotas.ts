/** The table of quotas, and the row locks that make requests of one holder take turns where a quota bounds it. */
import type { PageRequest } from '../model/page.js';
import type { Quota, QuotaLimits } from '../model/quota.js';
import { later, oneRow, prepared, row, rows, time, type Tx } from './sql.js';

interface QuotaRow {
  id: string;
  holder: string;
  space_id: string | null;
  ipv4_addresses: string | null;
  ipv6_subnets: string | null;
  ipv4_addresses_per_request: string | null;
  ipv6_subnets_per_request: string | null;
  used_ipv4: string;
  used_ipv6: string;
  version: string;
  created_at: Date;
  updated_at: Date;
}

const select = `
  select q.*, (q.used_ipv4_addresses + coalesce(c.ipv4, 0))::text as used_ipv4, (q.used_ipv6_subnets + coalesce(c.ipv6, 0))::text as used_ipv6
  from quotas q, lateral (select sum(ipv4_addresses) as ipv4, sum(ipv6_subnets) as ipv6 from quota_changes where quota_id = q.id) c`;

function toQuota(found: QuotaRow): Quota {
  return {
    id: found.id,
    holder: found.holder,
    spaceId: found.space_id,
    ipv4Addresses: found.ipv4_addresses,
    ipv6Subnets: found.ipv6_subnets,
    ipv4AddressesPerRequest: found.ipv4_addresses_per_request,
    ipv6SubnetsPerRequest: found.ipv6_subnets_per_request,
    used: { ipv4Addresses: found.used_ipv4, ipv6Subnets: found.used_ipv6 },
    version: found.version,
    createdAt: time(found.created_at),
    updatedAt: time(found.updated_at),
  };
}

/**
 * Takes the turns of all quotas of these holders, of those who wait for one of the pools, and of those who have one of the
 * allocations: before any pool's turn, never after.
 * Whoever has none costs one probe of an index.
 * @returns their ids
 */
export async function lockQuotas(tx: Tx, holders: readonly string[], poolIds: readonly string[] = [], allocationIds: readonly string[] = []): Promise<string[]> {
  const found = await prepared<{ id: string }>(
    tx,
    `select q.id from quotas q where q.holder = any(array(
       select unnest($1::text[]) union select w.holder from waiting_requests w where w.state = 'waiting' and w.pool_ids && $2::uuid[]
       union select a.holder from allocations a where a.id = any($3::uuid[])))
     order by q.id for no key update`,
    [holders, poolIds, allocationIds],
  );
  return found.map((quota) => quota.id);
}

/** Adds up what has changed since the last time, in these quotas whose turns the caller holds, and answers with them. */
export async function settleQuotas(tx: Tx, ids: readonly string[]): Promise<Quota[]> {
  if (ids.length === 0) return [];
  const sum = prepared(
    tx,
    `with changed as (delete from quota_changes where quota_id = any($1::uuid[]) returning *),
       sums as (select quota_id, sum(ipv4_addresses) as ipv4, sum(ipv6_subnets) as ipv6 from changed group by quota_id)
     update quotas q set used_ipv4_addresses = used_ipv4_addresses + s.ipv4, used_ipv6_subnets = used_ipv6_subnets + s.ipv6 from sums s where q.id = s.quota_id`,
    [ids],
  );
  later(tx, sum);
  return (await rows<QuotaRow>(tx, `${select} where q.id = any($1::uuid[]) order by q.id`, [ids])).map(toQuota);
}

/**
 * Counts what the holder has already. It waits for everyone who has looked for quotas to be bound by, and found none, and for
 * everyone who has changed an allocation; whoever comes to do so waits until the transaction ends.
 */
export async function insertQuota(tx: Tx, quota: QuotaLimits & Pick<Quota, 'id' | 'holder' | 'spaceId'>): Promise<Quota> {
  await rows(tx, 'lock table quotas in exclusive mode');
  await rows(tx, 'lock table allocations in share row exclusive mode');
  const inserted = await oneRow<{ id: string }>(
    tx,
    `insert into quotas (id, holder, space_id, ipv4_addresses, ipv6_subnets, ipv4_addresses_per_request, ipv6_subnets_per_request, used_ipv4_addresses, used_ipv6_subnets)
     select $1, $2, $3::uuid, $4, $5, $6, $7, coalesce(sum(counted_ipv4(a.prefix, a.state)), 0), coalesce(sum(counted_ipv6(a.prefix, a.state)), 0)
     from allocations a where a.holder = $2 and ($3::uuid is null or a.space_id = $3) returning id`,
    [quota.id, quota.holder, quota.spaceId, quota.ipv4Addresses, quota.ipv6Subnets, quota.ipv4AddressesPerRequest, quota.ipv6SubnetsPerRequest],
  );
  return toQuota(await oneRow<QuotaRow>(tx, `${select} where q.id = $1`, [inserted.id]));
}

export async function findQuota(tx: Tx, id: string): Promise<Quota | undefined> {
  const found = await row<QuotaRow>(tx, `${select} where q.id = $1`, [id]);
  return found && toQuota(found);
}

export async function lockQuota(tx: Tx, id: string): Promise<Quota | undefined> {
  const found = await row<QuotaRow>(tx, `${select} where q.id = $1 for no key update of q`, [id]);
  return found && toQuota(found);
}

export async function updateQuota(tx: Tx, id: string, limits: QuotaLimits): Promise<void> {
  await rows(
    tx,
    `update quotas set ipv4_addresses = $2, ipv6_subnets = $3, ipv4_addresses_per_request = $4, ipv6_subnets_per_request = $5,
       version = version + 1, updated_at = now() where id = $1`,
    [id, limits.ipv4Addresses, limits.ipv6Subnets, limits.ipv4AddressesPerRequest, limits.ipv6SubnetsPerRequest],
  );
}

export async function deleteQuota(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'delete from quotas where id = $1', [id]);
  await rows(tx, 'delete from quota_changes where quota_id = $1', [id]);
}

/** Changes that were noted while their quota was being deleted count nowhere. */
export async function deleteLostQuotaChanges(tx: Tx): Promise<void> {
  await rows(tx, 'delete from quota_changes c where not exists (select from quotas q where q.id = c.quota_id)');
}

export async function listQuotas(tx: Tx, page: PageRequest, filter: { holder?: string; spaceId?: string }): Promise<Quota[]> {
  const found = await rows<QuotaRow>(
    tx,
    `${select} where ($1::uuid is null or q.id > $1) and ($2::text is null or q.holder = $2) and ($3::uuid is null or q.space_id = $3) order by q.id limit $4`,
    [page.after, filter.holder ?? null, filter.spaceId ?? null, page.limit + 1],
  );
  return found.map(toQuota);
}
