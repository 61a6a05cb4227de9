/** What pools' space is used for, as exact sums. */
import type { FamilyUsage } from '../model/usage.js';
import { rows, type Tx } from './sql.js';

export const uses = ['total', 'allocated', 'held', 'quarantined', 'delegated', 'free'] as const;

export const size = (column: string): string => `trunc(power(2::numeric, (case family(${column}) when 4 then 32 else 128 end) - masklen(${column})))`;

/** Rows of (pool_id, family, total, allocated, …) as numerics. @param poolId an expression: one pool, or null for all of them */
export const sumsOfUse = (poolId: string): string => `
  with uses as (
    select pool_id, prefix, 'total' as use from pool_prefixes where ${poolId} is null or pool_id = ${poolId}
    union all select pool_id, prefix, 'free' from free_blocks where ${poolId} is null or pool_id = ${poolId}
    union all select parent_id, prefix, 'delegated' from pool_prefixes where parent_id is not null and (${poolId} is null or parent_id = ${poolId})
    union all select pool_id, prefix, case state when 'quarantined' then 'quarantined' when 'reserved' then 'held' else 'allocated' end
      from allocations where ${poolId} is null or pool_id = ${poolId}
  ), sums as (
    select pool_id, family(prefix) as family, use, sum(${size('prefix')}) as addresses from uses group by 1, 2, 3
  )
  select pool_id, family, ${uses.map((use) => `coalesce(sum(addresses) filter (where use = '${use}'), 0) as ${use}`).join(', ')}
  from sums group by pool_id, family`;

/** @param poolId one pool; null for all of them. */
export async function familyUsage(tx: Tx, poolId: string | null): Promise<(FamilyUsage & { poolId: string })[]> {
  return rows(
    tx,
    `select pool_id as "poolId", case family when 4 then 'ipv4' else 'ipv6' end as family, ${uses.map((use) => `${use}::text`).join(', ')}
     from (${sumsOfUse('$1::uuid')}) s order by s.pool_id, s.family`,
    [poolId],
  );
}
