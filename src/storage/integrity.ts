/**
 * The proof that nothing leaks: in every pool prefix the free, allocated (held, quarantined) and delegated blocks tile
 * it exactly. No two tiles overlap, their sizes add up to the whole, and no two free buddies are left unmerged. And what quotas
 * have added up is what their holders have.
 */
import { oneRow, rows, type Tx } from './sql.js';

export interface Finding {
  readonly kind: 'overlap' | 'gap' | 'unmerged' | 'miscounted';
  /** Of a quota that is miscounted there is neither pool nor prefix. */
  readonly poolId: string | null;
  readonly prefix: string | null;
  readonly quotaId: string | null;
  readonly detail: string;
}

const tiles = `
  select pool_id, pool_prefix, prefix, 'free' as use from free_blocks
  union all select pool_id, pool_prefix, prefix, state from allocations
  union all select parent_id, parent_prefix, prefix, 'delegated' from pool_prefixes where parent_id is not null`;

export async function findings(tx: Tx, limit: number): Promise<Finding[]> {
  return rows<Finding>(
    tx,
    `with tiles as (${tiles}),
     -- In address order any overlap shows between neighbours, since CIDR blocks never overlap half.
     neighbours as (select *, lag(prefix) over w as previous, lag(use) over w as previous_use from tiles window w as (partition by pool_id order by prefix)),
     counted as (
       select q.id, q.holder, q.used_ipv4_addresses + coalesce(c.ipv4, 0) as ipv4, q.used_ipv6_subnets + coalesce(c.ipv6, 0) as ipv6, h.ipv4 as has_ipv4, h.ipv6 as has_ipv6
       from quotas q,
         lateral (select sum(ipv4_addresses) as ipv4, sum(ipv6_subnets) as ipv6 from quota_changes where quota_id = q.id) c,
         lateral (select coalesce(sum(counted_ipv4(prefix, state)), 0) as ipv4, coalesce(sum(counted_ipv6(prefix, state)), 0) as ipv6
                  from allocations a where a.holder = q.holder and (q.space_id is null or a.space_id = q.space_id)) h),
     sums as (select pool_id, pool_prefix, sum(power(2::numeric, 128 - masklen(prefix))) as addresses from tiles group by 1, 2)
     select 'overlap' as kind, pool_id as "poolId", prefix::text, null::uuid as "quotaId", format('%s overlaps %s %s', use, previous_use, previous) as detail
       from neighbours where previous && prefix
     union all
     select 'gap', x.pool_id, x.prefix::text, null, format('its parts add up to %s units, and not to %s', trunc(coalesce(s.addresses, 0)), trunc(power(2::numeric, 128 - masklen(x.prefix))))
       from pool_prefixes x left join sums s on s.pool_id = x.pool_id and s.pool_prefix = x.prefix
       where coalesce(s.addresses, 0) <> power(2::numeric, 128 - masklen(x.prefix))
     union all
     select 'unmerged', pool_id, min(prefix)::text, null, 'both halves of a block are free but stand apart' from free_blocks
       where masklen(prefix) > masklen(pool_prefix) group by pool_id, pool_prefix, masklen(prefix), network(set_masklen(prefix, masklen(prefix) - 1)) having count(*) > 1
     union all
     select 'miscounted', null, null, id, format('%s has IPv4 addresses and IPv6 /64 subnets: %s and %s, and is counted with %s and %s', holder, has_ipv4, has_ipv6, ipv4, ipv6)
       from counted where (ipv4, ipv6) <> (has_ipv4, has_ipv6)
     limit $1`,
    [limit],
  );
}

export async function counts(tx: Tx): Promise<{ pools: number; allocations: number; freeBlocks: number }> {
  return oneRow(
    tx,
    `select (select count(*) from pools)::int as pools, (select count(*) from allocations)::int as allocations, (select count(*) from free_blocks)::int as "freeBlocks"`,
  );
}
