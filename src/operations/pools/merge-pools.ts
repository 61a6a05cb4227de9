import { CasmError } from '../../model/errors.js';
import type { Pool } from '../../model/pool.js';
import { aggregate, formatPrefix, parsePrefix } from '../../model/prefix.js';
import { lockDeliveries } from '../../storage/deliveries.js';
import { devicesSuppliedFrom, supplyFrom } from '../../storage/domains.js';
import type { Tile } from '../../storage/pool-layout.js';
import { adoptChildren, deletePool, findPool, lockPool, outlastKeepers, poolPrefixes, touchPool } from '../../storage/pools.js';
import { lockWaitingFor, waitElsewhere } from '../../storage/waiting-requests.js';
import { found } from '../not-found.js';
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
  await lockWaitingFor(tx, ids);
  await lockDeliveries(tx, await devicesSuppliedFrom(tx, ids));
  const together = [before, ...others];
  const moved = await layOut(work, before, together.flatMap((pool) => pool.prefixes.map((prefix) => ({ poolId: pool.id, prefix }))), await joined(work, before.id, together));
  const adopted = await adoptChildren(tx, ids, before.id);
  for (const deviceId of await devicesSuppliedFrom(tx, ids)) await supplyFrom(tx, deviceId, ids, before.id);
  for (const other of others) {
    await deletePool(tx, other.id);
    work.audit({ resourceType: 'pool', resourceId: other.id, before: other, after: null });
  }
  await waitElsewhere(tx, ids, before.id);
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

/** The prefixes of all of them, those joined that complete each other within one prefix of the parent. */
async function joined({ tx }: Work, poolId: string, pools: readonly Pool[]): Promise<Tile[]> {
  const prefixes = (await Promise.all(pools.map((pool) => poolPrefixes(tx, pool.id)))).flat();
  return [...Map.groupBy(prefixes, (one) => one.parentPrefix)].flatMap(([parentPrefix, ones]) =>
    aggregate(ones.map((one) => parsePrefix(one.prefix))).map((prefix) => ({ poolId, prefix: formatPrefix(prefix), parentPrefix })),
  );
}
