/** What pools' space is used for, as exact sums. */
import type { FamilyUsage } from '../model/usage.js';
import { rows, type Tx } from './sql.js';

const size = (column: string): string => `trunc(power(2::numeric, (case family(${column}) when 4 then 32 else 128 end) - masklen(${column})))`;

/** @param poolId one pool; null for all of them. */
export async function familyUsage(tx: Tx, poolId: string | null): Promise<(FamilyUsage & { poolId: string })[]> {
  return rows(
    tx,
    `with uses as (
       select pool_id, prefix, 'total' as use from pool_prefixes where $1::uuid is null or pool_id = $1
       union all select pool_id, prefix, 'free' from free_blocks where $1::uuid is null or pool_id = $1
       union all select parent_id, prefix, 'delegated' from pool_prefixes where parent_id is not null and ($1::uuid is null or parent_id = $1)
       union all select pool_id, prefix, case state when 'quarantined' then 'quarantined' when 'reserved' then 'held' else 'allocated' end
         from allocations where $1::uuid is null or pool_id = $1
     ), sums as (
       select pool_id, family(prefix) as family, use, sum(${size('prefix')}) as addresses from uses group by 1, 2, 3
     )
     select pool_id as "poolId", case family when 4 then 'ipv4' else 'ipv6' end as family,
       ${['total', 'allocated', 'held', 'quarantined', 'delegated', 'free'].map((use) => `coalesce(sum(addresses) filter (where use = '${use}'), 0)::text as ${use}`).join(', ')}
     from sums group by pool_id, sums.family order by pool_id, sums.family`,
    [poolId],
  );
}
