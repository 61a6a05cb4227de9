/** The supply contracts of devices, kept with the devices: which of them take from which pools. */
import { rows, type Tx } from './sql.js';

/** In the order of ids, for locking. */
export async function devicesSuppliedFrom(tx: Tx, poolIds: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, `select id from devices where jsonb_path_query_array(domains, '$[*].poolId') ?| $1::text[] order by id`, [poolIds]);
  return found.map((device) => device.id);
}

/** The device's domains that took from these pools take from that one. The caller holds the device's turn. */
export async function supplyFrom(tx: Tx, deviceId: string, poolIds: readonly string[], poolId: string): Promise<void> {
  await rows(
    tx,
    `update devices set version = version + 1, domains = (
       select jsonb_agg(case when d ->> 'poolId' = any($2::text[]) then d || jsonb_build_object('poolId', $3::text) else d end order by place)
       from jsonb_array_elements(domains) with ordinality as t (d, place)) where id = $1`,
    [deviceId, poolIds, poolId],
  );
}
