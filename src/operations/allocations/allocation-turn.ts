/** The turns that a change of one allocation takes, in the order everyone does: pool, device, parent CA, allocation. */
import type { Allocation, AllocationState } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { findAllocation, lockAllocation } from '../../storage/allocations.js';
import { lockDelivery } from '../../storage/deliveries.js';
import { lockPool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';

export interface AllocationTurn {
  readonly allocationId: string;
  readonly ifMatch?: string;
}

/**
 * Until the transaction ends nobody else changes the allocation, and everyone who serves it may be told.
 * @param pool whether the pool's turn is needed, too: for whatever touches its free space.
 * @throws CasmError `allocation-not-found`, `precondition-failed`
 */
export async function takeTurn({ tx }: Work, { allocationId, ifMatch }: AllocationTurn, pool = false): Promise<Allocation> {
  const seen = found(await findAllocation(tx, allocationId), 'allocation', allocationId);
  if (pool) await lockPool(tx, seen.poolId);
  if (seen.deviceId !== null) await lockDelivery(tx, seen.deviceId);
  if (seen.rpkiDeviceId !== null) await lockDelivery(tx, seen.rpkiDeviceId);
  const allocation = found(await lockAllocation(tx, allocationId), 'allocation', allocationId);
  // It went to another pool while we waited: should that end in a deadlock, the whole is done again.
  if (pool && allocation.poolId !== seen.poolId) await lockPool(tx, allocation.poolId);
  checkVersion(ifMatch, allocation.version);
  return allocation;
}

/** In use, wholly or still: the states in which an allocation can be changed. */
export const inUse: readonly AllocationState[] = ['provisioning', 'active', 'draining', 'drained'];

/** @throws CasmError `state-conflict` */
export function requireState({ id, prefix, state }: Allocation, allowed: readonly AllocationState[]): void {
  if (allowed.includes(state)) return;
  throw new CasmError('state-conflict', `${prefix} is ${state}: that is for what is ${allowed.join(', ')}`, { prefix, conflicts: [id], allowed: [...allowed] });
}

export async function reread({ tx }: Work, id: string): Promise<Allocation> {
  return found(await findAllocation(tx, id), 'allocation', id);
}
