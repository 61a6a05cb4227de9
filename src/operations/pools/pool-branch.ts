/** A pool and all pools below it, changed as one: their state, and with it that of the allocations in them. */
import type { Allocation } from '../../model/allocation.js';
import type { Pool, PoolRemains } from '../../model/pool.js';
import { findAllocations, lockAllocations } from '../../storage/allocations.js';
import { lockDeliveries, markStale } from '../../storage/deliveries.js';
import { allocationsInState, changeStates, childrenOf, setPoolState, type StateChange } from '../../storage/pool-retirement.js';
import { findPool, lockPool } from '../../storage/pools.js';
import type { Work } from '../work.js';
import { getPoolRemains } from './get-pool-remains.js';
import { takePoolTurn, type PoolTurnRequest } from './pool-turn.js';

export interface BranchChange {
  readonly state: Pool['state'];
  /** The allocations it concerns, and the state they go to: with a device that has yet to learn of it, or without. */
  readonly from: readonly StateChange['state'][];
  readonly to: (allocation: Allocation, told: boolean) => StateChange['state'];
}

/** @throws CasmError `pool-not-found`, `precondition-failed` */
export async function changeBranch(work: Work, turn: PoolTurnRequest, { state, from, to }: BranchChange): Promise<{ poolIds: string[]; remains: PoolRemains }> {
  const { tx } = work;
  const pools = await takeBranch(work, turn);
  for (const id of await setPoolState(tx, [...pools.keys()], state)) {
    work.audit({ resourceType: 'pool', resourceId: id, before: pools.get(id) ?? null, after: (await findPool(tx, id)) ?? null });
  }
  const concerned = await allocationsInState(tx, [...pools.keys()], from);
  const revisions = new Map<string, string>();
  for (const deviceId of [...new Set(concerned.flatMap((one) => one.deviceId ?? []))].sort()) revisions.set(deviceId, await markStale(tx, deviceId));
  // Whether a certificate is still awaited is not to change under our eyes.
  await lockDeliveries(tx, concerned.flatMap((one) => one.rpkiDeviceId ?? []));
  const before = await lockAllocations(tx, concerned.map((one) => one.id));
  const changes = [...before.values()].filter((one) => (from as readonly string[]).includes(one.state)).map((one): StateChange => {
    const deviceRevision = revisions.get(one.deviceId ?? '') ?? null;
    return { id: one.id, state: to(one, deviceRevision !== null), deviceRevision };
  });
  await changeStates(tx, changes);
  for (const after of (await findAllocations(tx, changes.map((one) => one.id))).values()) {
    work.audit({ resourceType: 'allocation', resourceId: after.id, before: before.get(after.id) ?? null, after });
  }
  return { poolIds: [...pools.keys()], remains: await getPoolRemains(tx, turn) };
}

/** Level by level: who holds a pool's turn keeps others from making children of it. */
async function takeBranch(work: Work, turn: PoolTurnRequest): Promise<Map<string, Pool>> {
  const { tx } = work;
  const top = await takePoolTurn(work, turn);
  const pools = new Map([[top.id, top]]);
  for (let level = await childrenOf(tx, [top.id]); level.length > 0; level = await childrenOf(tx, level)) {
    for (const id of level) {
      await lockPool(tx, id);
      const pool = await findPool(tx, id);
      if (pool !== undefined) pools.set(id, pool);
    }
  }
  return pools;
}
