/**
 * The proof that nothing leaks: in every pool prefix the free, allocated (held, quarantined) and delegated blocks tile
 * it exactly. No two tiles overlap, their sizes add up to the whole, and no two free buddies are left unmerged.
 */
import { oneRow, rows, type Tx } from './sql.js';

export interface Finding {
  readonly poolId: string;
  readonly kind: 'overlap' | 'gap' | 'unmerged';
  readonly prefix: string;
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
     sums as (select pool_id, pool_prefix, sum(power(2::numeric, 128 - masklen(prefix))) as addresses from tiles group by 1, 2)
     select pool_id as "poolId", 'overlap' as kind, prefix::text, format('%s overlaps %s %s', use, previous_use, previous) as detail from neighbours where previous && prefix
     union all
     select x.pool_id, 'gap', x.prefix::text, format('its parts add up to %s of %s units', trunc(coalesce(s.addresses, 0)), trunc(power(2::numeric, 128 - masklen(x.prefix))))
       from pool_prefixes x left join sums s on s.pool_id = x.pool_id and s.pool_prefix = x.prefix
       where coalesce(s.addresses, 0) <> power(2::numeric, 128 - masklen(x.prefix))
     union all
     select pool_id, 'unmerged', min(prefix)::text, 'both halves of a block are free but stand apart' from free_blocks
       where masklen(prefix) > masklen(pool_prefix) group by pool_id, pool_prefix, masklen(prefix), network(set_masklen(prefix, masklen(prefix) - 1)) having count(*) > 1
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
