import { CasmError } from '../../model/errors.js';
import type { Pool } from '../../model/pool.js';
import { aggregate, formatPrefix, parsePrefix } from '../../model/prefix.js';
import { lockDeliveries } from '../../storage/deliveries.js';
import { findDevices } from '../../storage/devices.js';
import { devicesSuppliedFrom, supplyFrom } from '../../storage/domains.js';
import type { Tile } from '../../storage/pool-layout.js';
import { childrenOf } from '../../storage/pool-retirement.js';
import { poolPrefixes } from '../../storage/pool-prefixes.js';
import { adoptChildren, deletePool, findPool, findPools, lockPool, outlastKeepers, touchPool } from '../../storage/pools.js';
import { lockWaitingFor, waitElsewhere } from '../../storage/waiting-queues.js';
import { found } from '../not-found.js';
import { auditPools } from '../waiting/end-waiting.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';
import { layOut, type Moves } from './lay-out.js';
import { takePoolTurn, type PoolTurnRequest } from './pool-turn.js';

export interface MergeResult {
  readonly pool: Pool;
  readonly merged: readonly string[];
  readonly moved: Moves;
}

/**
 * Sibling pools become one: their prefixes, allocations, children, supply contracts and waiting requests go to the one named,
 * and prefixes that complete each other join. Its name, policy and labels stay.
 * @throws CasmError `pool-not-found`, `precondition-failed`, `pool-unsuitable` for what is no sibling, `name-taken` when two children have one name
 */
export async function mergePools(work: Work, { poolIds, ...turn }: PoolTurnRequest & { poolIds: readonly string[] }): Promise<MergeResult> {
  const { tx } = work;
  const seen = found(await findPool(tx, turn.poolId), 'pool', turn.poolId);
  const ids = [...new Set(poolIds)].sort();
  // The parent, then siblings by id; those that turn out to be none are refused before anything is done.
  if (seen.parentId !== null) await lockPool(tx, seen.parentId);
  for (const id of [...ids, seen.id].sort()) found(await lockPool(tx, id), 'pool', id);
  const before = await takePoolTurn(work, turn);
  const others = await Promise.all(ids.map(async (id) => found(await findPool(tx, id), 'pool', id)));
  for (const other of others) checkSibling(before, other);
  await outlastKeepers(tx, ids);
  // Who waits and who is supplied come before the allocations, whose turns layOut takes.
  const queue = await lockWaitingFor(tx, ids);
  await lockDeliveries(tx, await devicesSuppliedFrom(tx, ids));
  const together = [before, ...others];
  const moved = await layOut(work, before, together.flatMap((pool) => pool.prefixes.map((prefix) => ({ poolId: pool.id, prefix }))), await joined(work, before.id, together));
  const adopted = await adopt(work, ids, before.id);
  await supply(work, ids, before.id);
  for (const other of others) {
    await deletePool(tx, other.id);
    work.audit({ resourceType: 'pool', resourceId: other.id, before: other, after: null });
  }
  await waitElsewhere(tx, ids, before.id);
  auditPools(work, queue, (id) => [ids.includes(id) ? before.id : id]);
  wakeWaiting(tx, [before.id]);
  await touchPool(tx, before.id);
  const pool = found(await findPool(tx, before.id), 'pool', before.id);
  work.audit({ resourceType: 'pool', resourceId: pool.id, before, after: pool });
  return { pool, merged: ids, moved: { ...moved, pools: moved.pools + adopted } };
}

function checkSibling(pool: Pool, other: Pool): void {
  if (other.state !== pool.state) throw new CasmError('pool-unsuitable', `${other.name} is ${other.state} and ${pool.name} is ${pool.state}: retire or activate both`, { conflicts: [other.id] });
  if (other.id === pool.id) throw new CasmError('pool-unsuitable', 'a pool is not merged into itself', { conflicts: [other.id] });
  if (other.spaceId === pool.spaceId && other.parentId === pool.parentId) return;
  throw new CasmError('pool-unsuitable', `${other.name} is no sibling of ${pool.name}: only pools of the same parent merge`, { conflicts: [other.id] });
}

/** Children without a prefix, which nothing else has moved. @returns how many */
async function adopt(work: Work, poolIds: readonly string[], poolId: string): Promise<number> {
  const children = await findPools(work.tx, await childrenOf(work.tx, poolIds));
  await adoptChildren(work.tx, poolIds, poolId);
  for (const after of (await findPools(work.tx, [...children.keys()])).values()) work.audit({ resourceType: 'pool', resourceId: after.id, before: children.get(after.id) ?? null, after });
  return children.size;
}

async function supply(work: Work, poolIds: readonly string[], poolId: string): Promise<void> {
  const devices = await findDevices(work.tx, await devicesSuppliedFrom(work.tx, poolIds));
  for (const id of devices.keys()) await supplyFrom(work.tx, id, poolIds, poolId);
  for (const after of (await findDevices(work.tx, [...devices.keys()])).values()) work.audit({ resourceType: 'device', resourceId: after.id, before: devices.get(after.id) ?? null, after });
}

/** The prefixes of all of them, those joined that complete each other within one prefix of the parent. */
async function joined({ tx }: Work, poolId: string, pools: readonly Pool[]): Promise<Tile[]> {
  const prefixes = (await Promise.all(pools.map((pool) => poolPrefixes(tx, pool.id)))).flat();
  return [...Map.groupBy(prefixes, (one) => one.parentPrefix)].flatMap(([parentPrefix, ones]) =>
    aggregate(ones.map((one) => parsePrefix(one.prefix))).map((prefix) => ({ poolId, prefix: formatPrefix(prefix), parentPrefix })),
  );
}
