import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { lengthToAllocate, type Pool } from '../../model/pool.js';
import { formatPrefix, parsePrefix, subtract } from '../../model/prefix.js';
import { changeAllocation, poolPrefixOf } from '../../storage/allocation-life.js';
import { findAllocation } from '../../storage/allocations.js';
import { whileKeysWait } from '../../storage/pool-layout.js';
import { deletePoolPrefixes, insertPoolPrefixes, poolPrefixes } from '../../storage/pool-prefixes.js';
import { findPool, lockPool, touchPool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { followRested, layOut } from '../pools/lay-out.js';
import { requireOpen } from '../pools/require-open.js';
import { takeQuotas } from '../quotas/charge-change.js';
import type { Work } from '../work.js';
import { inUse, requireState, reread, takeTurn, type AllocationTurn } from './allocation-turn.js';
import { updateAllocation } from './update-allocation.js';

export interface Move extends AllocationTurn {
  readonly poolId?: string;
  readonly holder?: string;
}

/**
 * Gives an allocation, with its addresses, to the parent, a child or a sibling of its pool, or to another holder, or both.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`, `pool-not-found`, `pool-unsuitable`, `pool-retiring`, `quota-exceeded`,
 * `length-not-allowed` by the policy of the other pool
 */
export async function moveAllocation(work: Work, { poolId, holder, ...turn }: Move): Promise<Allocation> {
  // The quotas' turns come before the pools'.
  if (holder !== undefined) await takeQuotas(work, holder);
  if (poolId !== undefined) await toPool(work, turn, poolId);
  // If-Match was for the allocation as it came, not for what the first half has made of it.
  if (holder !== undefined) return updateAllocation(work, poolId === undefined ? { ...turn, holder } : { allocationId: turn.allocationId, holder });
  return reread(work, turn.allocationId);
}

async function toPool(work: Work, turn: AllocationTurn, poolId: string): Promise<void> {
  const { tx } = work;
  const seen = found(await findAllocation(tx, turn.allocationId), 'allocation', turn.allocationId);
  const [from, to] = await takeTurns(work, seen.poolId, poolId);
  const before = await takeTurn(work, turn);
  requireState(before, inUse);
  if (before.poolId === poolId) return;
  if (before.poolId !== from.id) throw new CasmError('state-conflict', `the allocation went to another pool meanwhile: ask again`, { conflicts: [before.poolId] });
  requireOpen(to);
  lengthToAllocate(to.policy, before.family, parsePrefix(before.prefix).length);
  if (to.parentId === from.id) await toChild(work, before, to);
  else if (from.parentId === to.id) await toParent(work, before, from);
  else if (from.parentId === to.parentId && from.spaceId === to.spaceId) await cutOut(work, before, from, to.id);
  else throw new CasmError('pool-unsuitable', `${to.name} is neither parent nor child nor sibling of ${from.name}`, { conflicts: [to.id], prefix: before.prefix });
  await followRested(tx, to.id);
  for (const pool of [from, to]) {
    await touchPool(tx, pool.id);
    work.audit({ resourceType: 'pool', resourceId: pool.id, before: pool, after: (await findPool(tx, pool.id)) ?? null });
  }
  // A cut to a sibling has told it already.
  if (from.parentId === to.parentId) return;
  work.audit({ resourceType: 'allocation', resourceId: before.id, before, after: await reread(work, before.id) });
}

/** The parent of both before them, the one nearer to the root before the other, siblings by id. */
async function takeTurns({ tx }: Work, fromId: string, toId: string): Promise<[from: Pool, to: Pool]> {
  const from = found(await findPool(tx, fromId), 'pool', fromId);
  const to = found(await findPool(tx, toId), 'pool', toId);
  const order = to.parentId === from.id ? [from.parentId, from.id, to.id] : [from.parentId, ...[from.id, to.id].sort()];
  for (const id of new Set(order)) if (id !== null) await lockPool(tx, id);
  return [found(await findPool(tx, fromId), 'pool', fromId), found(await findPool(tx, toId), 'pool', toId)];
}

/** The child gets the prefix as one of its own. */
async function toChild({ tx }: Work, { id, prefix }: Allocation, child: Pool): Promise<void> {
  const parentPrefix = await poolPrefixOf(tx, id);
  await whileKeysWait(tx, async () => {
    await changeAllocation(tx, id, { poolId: child.id, poolPrefix: prefix });
    await insertPoolPrefixes(tx, child, [{ prefix, parentPrefix }]);
  });
}

/** The prefix is no longer the child's: it is cut out, and falls back to the parent with the allocation in it. */
async function toParent(work: Work, allocation: Allocation, child: Pool): Promise<void> {
  const { tx } = work;
  const { id, prefix } = allocation;
  await cutOut(work, allocation, child, child.id);
  const own = (await poolPrefixes(tx, child.id)).find((one) => one.prefix === prefix);
  if (child.parentId === null || own?.parentPrefix == null) throw new Error('a child has its prefix from its parent');
  const { parentId } = child;
  const { parentPrefix } = own;
  await whileKeysWait(tx, async () => {
    await changeAllocation(tx, id, { poolId: parentId, poolPrefix: parentPrefix });
    await deletePoolPrefixes(tx, child.id, [prefix]);
  });
}

/** Makes the allocation's prefix a pool prefix of its own, of this pool or of a sibling. */
async function cutOut(work: Work, { id, prefix }: Allocation, from: Pool, toId: string): Promise<void> {
  const whole = await poolPrefixOf(work.tx, id);
  const own = (await poolPrefixes(work.tx, from.id)).find((one) => one.prefix === whole);
  const parentPrefix = own?.parentPrefix ?? null;
  const rest = subtract(parsePrefix(whole), parsePrefix(prefix)).map((one) => ({ poolId: from.id, prefix: formatPrefix(one), parentPrefix }));
  await layOut(work, from, [{ poolId: from.id, prefix: whole }], [{ poolId: toId, prefix, parentPrefix }, ...rest]);
}
