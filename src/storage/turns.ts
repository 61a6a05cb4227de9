/** Many turns at once, in the order everyone takes them: pools, their queues, deliveries of devices, deliveries of parent CAs. */
import { prepared, type Tx } from './sql.js';
import { lockWaitingFor } from './waiting-queues.js';

export interface Turns {
  readonly poolIds: readonly string[];
  readonly deviceIds: readonly string[];
  /** And holds: their pools and whoever serves them. */
  readonly allocationIds: readonly string[];
}

/** What is not there is passed by. Of pools by id: see lockPools. */
export async function lockTurns(tx: Tx, { poolIds, deviceIds, allocationIds }: Turns): Promise<void> {
  const pools = await prepared<{ id: string }>(
    tx,
    `select id from pools where id in (
       select unnest($1::uuid[]) union select parent_id from pools where id = any($1) union select pool_id from allocations where id = any($2::uuid[]))
     order by id for no key update`,
    [poolIds, allocationIds],
  );
  const awaiting = await lockQueues(tx, pools.map(({ id }) => id));
  await prepared(
    tx,
    `select from deliveries d join devices v on v.id = d.device_id where d.device_id in (
       select unnest($1::uuid[]) union select device_id from allocations where id = any($2::uuid[]) union select rpki_device_id from allocations where id = any($2))
     order by v.kind = 'rpki', d.device_id for no key update of d`,
    [[...deviceIds, ...awaiting], allocationIds],
  );
}

/** Those who wait for pools whose turns the caller holds, since they come first. @returns the devices they wait for, whose turns are next */
export async function lockQueues(tx: Tx, poolIds: readonly string[]): Promise<string[]> {
  return (await lockWaitingFor(tx, poolIds)).flatMap(({ request }) => request.deviceId ?? []);
}
