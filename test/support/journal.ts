/** The journal tells the whole story: what each allocation last became there is what its row says now, and nothing else lives. */
import type { TestDatabase } from './database.js';

export interface Untold {
  readonly id: string;
  readonly told: object | null;
  readonly is: object | null;
}

/** Allocations of which the journal and the table do not say the same; holds are told as holds. */
export function untoldChanges(database: TestDatabase): Promise<Untold[]> {
  return database.query<Untold>(
    `with told as (
       select distinct on (resource_id) resource_id as id, case when after ->> 'state' <> 'free' then jsonb_build_object(
         'state', after -> 'state', 'prefix', after -> 'prefix', 'pool', after -> 'poolId', 'holder', after -> 'holder', 'service', after -> 'service',
         'device', after -> 'deviceId', 'labels', after -> 'labels', 'version', after -> 'version') end as told
       from audit a where resource_type = 'allocation' order by resource_id, a.id desc
     ), known as (
       select id, jsonb_build_object('state', state, 'prefix', prefix::text, 'pool', pool_id, 'holder', holder, 'service', service,
         'device', device_id, 'labels', labels, 'version', version::text) as is
       from allocations where state <> 'reserved'
     )
     select coalesce(t.id, k.id) as id, t.told, k.is from told t full join known k on k.id = t.id where t.told is distinct from k.is limit 20`,
  );
}
