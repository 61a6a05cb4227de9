/** Blocks of one length that a pool's allocations stand in, with what devices report of them. Decides no order but cost. */
import type { DrainCandidate } from '../model/drain-plan.js';
import type { Family } from '../model/prefix.js';
import { rows, type Tx } from './sql.js';

export interface OccupiedBlock extends Omit<DrainCandidate, 'freeShare'> {
  /** Addresses that are not free, in quarantine or not. */
  readonly used: string;
}

const size = `power(2::numeric, (case family(prefix) when 4 then 32 else 128 end) - masklen(prefix))`;

/** The cheapest first. Blocks with a part of a child pool, and those inside a longer allocation, are left out. */
export async function occupiedBlocks(tx: Tx, poolId: string, family: Family, length: number, limit: number): Promise<OccupiedBlock[]> {
  return rows<OccupiedBlock>(
    tx,
    `with held as materialized (
       select id, prefix, state, holder, device_id, set_masklen(prefix, $3) as block, ${size} as addresses, state in ('withdrawing', 'quarantined') as leaving
       from allocations where pool_id = $1 and family(prefix) = $2 and masklen(prefix) >= $3 and masklen(pool_prefix) <= $3
     ), latest as (
       select r.ranges from (select distinct device_id from held where device_id is not null) d
         cross join lateral (select ranges from reports where device_id = d.device_id order by sequence desc limit 1) r
     ), reported as (
       select x.id, max(x.assigned::numeric) as leases from latest, jsonb_to_recordset(ranges) as x (id uuid, assigned text) group by 1
     ), known as materialized (
       select held.*, reported.leases from held left join reported using (id)
     ), blocks as (
       select block, count(*) as allocations, sum(addresses) as used, coalesce(sum(addresses) filter (where not leaving), 0) as affected,
         coalesce(sum(leases) filter (where not leaving), 0) as leases, count(*) filter (where leases is null and not leaving) as unreported
       from known k where not exists (select from pool_prefixes c where c.parent_id = $1 and c.prefix && k.block)
       group by block order by count(*) filter (where leases is null and not leaving) > 0, 5, 4, 2, block limit $4
     )
     select b.block::text as prefix, trunc(b.leases)::text as leases, b.unreported::int, trunc(b.affected)::text as "affectedAddresses", trunc(b.used)::text as used,
       b.allocations::int as "allocationCount", (
         select jsonb_agg(jsonb_build_object('id', k.id, 'prefix', k.prefix::text, 'state', k.state, 'holder', k.holder, 'deviceId', k.device_id, 'leases', trunc(k.leases)::text) order by k.prefix)
         from (select * from known where block = b.block order by prefix limit 1000) k) as allocations
     from blocks b order by b.unreported > 0, b.leases, b.affected, b.allocations, b.block`,
    [poolId, Number(family.slice(3)), length, limit],
  );
}
