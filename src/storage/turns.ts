/** Many turns at once, in the order everyone takes them: pools, deliveries of devices, deliveries of parent CAs; each by id. */
import { rows, type Tx } from './sql.js';

export interface Turns {
  readonly poolIds: readonly string[];
  readonly deviceIds: readonly string[];
  /** And holds: their pools and whoever serves them. */
  readonly allocationIds: readonly string[];
}

/** What is not there is passed by. Of pools by id: see lockPools. */
export async function lockTurns(tx: Tx, { poolIds, deviceIds, allocationIds }: Turns): Promise<void> {
  await rows(
    tx,
    `select from pools where id in (
       select unnest($1::uuid[]) union select parent_id from pools where id = any($1) union select pool_id from allocations where id = any($2::uuid[]))
     order by id for no key update`,
    [poolIds, allocationIds],
  );
  await rows(
    tx,
    `select from deliveries d join devices v on v.id = d.device_id where d.device_id in (
       select unnest($1::uuid[]) union select device_id from allocations where id = any($2::uuid[]) union select rpki_device_id from allocations where id = any($2))
     order by v.kind = 'rpki', d.device_id for no key update of d`,
    [deviceIds, allocationIds],
  );
}
