/** Whole branches of the pool tree: their state, and what is left in them. */
import type { Pool, PoolRemains } from '../model/pool.js';
import { oneRow, rows, type Tx } from './sql.js';

/** Children of these pools, by id. */
export async function childrenOf(tx: Tx, poolIds: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, 'select id from pools where parent_id = any($1::uuid[]) order by id', [poolIds]);
  return found.map((pool) => pool.id);
}

/** @returns those of the pools whose state is another one now. */
export async function setPoolState(tx: Tx, poolIds: readonly string[], state: Pool['state']): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, 'update pools set state = $2, version = version + 1 where id = any($1::uuid[]) and state <> $2 returning id', [poolIds, state]);
  return found.map((pool) => pool.id);
}

/** Allocations in these pools that are in one of the states, by id, and who serves them. */
export async function allocationsInState(
  tx: Tx,
  poolIds: readonly string[],
  states: readonly string[],
): Promise<{ id: string; deviceId: string | null; rpkiDeviceId: string | null }[]> {
  return rows(tx, 'select id, device_id as "deviceId", rpki_device_id as "rpkiDeviceId" from allocations where pool_id = any($1::uuid[]) and state = any($2) order by id', [poolIds, states]);
}

export interface StateChange {
  readonly id: string;
  readonly state: 'provisioning' | 'active' | 'draining' | 'drained';
  /** In which the device learns of it; null where there is none. */
  readonly deviceRevision: string | null;
}

/** The caller holds the turns of them all. */
export async function changeStates(tx: Tx, changes: readonly StateChange[]): Promise<void> {
  await rows(
    tx,
    `update allocations a set state = t.state, device_revision = coalesce(t.revision, a.device_revision), version = a.version + 1, updated_at = now()
     from unnest($1::uuid[], $2::text[], $3::bigint[]) as t (id, state, revision) where a.id = t.id`,
    [changes.map((one) => one.id), changes.map((one) => one.state), changes.map((one) => one.deviceRevision)],
  );
}

/** Counts over the pool and all pools below it. */
export async function remainsOf(tx: Tx, poolId: string): Promise<Pick<PoolRemains, 'pools' | 'allocations'>> {
  const branch = 'with recursive branch as (select $1::uuid as id union all select p.id from pools p join branch b on p.parent_id = b.id)';
  const { pools } = await oneRow<{ pools: number }>(tx, `${branch} select count(*)::int - 1 as pools from branch`, [poolId]);
  const allocations = await rows<PoolRemains['allocations'][number]>(
    tx,
    `${branch} select case family(a.prefix) when 4 then 'ipv4' else 'ipv6' end as family, a.state, count(*)::int as count,
       trunc(sum(power(2::numeric, (case family(a.prefix) when 4 then 32 else 128 end) - masklen(a.prefix))))::text as addresses
     from branch b join allocations a on a.pool_id = b.id group by family(a.prefix), a.state order by family(a.prefix), a.state`,
    [poolId],
  );
  return { pools, allocations };
}
