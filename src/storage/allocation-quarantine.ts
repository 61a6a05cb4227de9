/** Allocations at rest between two holders: how they come in, and when they leave. */
import type { Allocation } from '../model/allocation.js';
import { select, toAllocation, type AllocationRow } from './allocation-row.js';
import { oneRow, prepared, rows, type Tx } from './sql.js';

/** @returns when each may leave: at the end of its quarantine, or at once where the pool has a cap that may be exceeded now. */
export async function quarantineAllocations(tx: Tx, ids: readonly string[]): Promise<{ id: string; poolId: string; at: Date; until: Date; leaves: Date }[]> {
  return prepared(
    tx,
    `update allocations a set state = 'quarantined', version = a.version + 1, updated_at = now(),
       quarantined_until = now() + make_interval(secs => (p.policy ->> 'quarantineSeconds')::float)
     from pools p where p.id = a.pool_id and a.id = any($1::uuid[]) returning a.id, a.pool_id as "poolId", now() as at, a.quarantined_until as until,
       case when p.policy #>> array['quarantineMaxAddresses', 'ipv' || family(a.prefix)] is null then a.quarantined_until else now() end as leaves`,
    [ids],
  );
}

/** Those of them whose quarantine is over are deleted. */
export async function deleteRested(tx: Tx, ids: readonly string[]): Promise<{ id: string; poolId: string; prefix: string; poolPrefix: string }[]> {
  return prepared(
    tx,
    `delete from allocations where id = any($1::uuid[]) and state = 'quarantined' and quarantined_until <= now()
     returning id, pool_id as "poolId", prefix::text, pool_prefix::text as "poolPrefix"`,
    [ids],
  );
}

/** So many leave in one turn of the pool. */
export const mostRested = 5_000;

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
     order by a.id limit ${mostRested} for no key update of a`,
    [poolId],
  );
  return found.map(toAllocation);
}

/** Pools with quarantines that have been over for a minute: nobody has come for what rests there. */
export async function overdueQuarantines(tx: Tx): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, `select distinct pool_id as id from allocations where state = 'quarantined' and quarantined_until < now() - interval '1 minute' order by 1`);
  return found.map((pool) => pool.id);
}

/** When the next quarantine of the pool ends; null when there is none. */
export async function nextRested(tx: Tx, poolId: string): Promise<Date | null> {
  const { next } = await oneRow<{ next: Date | null }>(tx, `select min(quarantined_until) as next from allocations where pool_id = $1 and state = 'quarantined'`, [poolId]);
  return next;
}
