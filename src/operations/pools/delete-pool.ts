import { giveBack } from '../../allocator/free-space.js';
import { counted } from '../../model/counted.js';
import { CasmError } from '../../model/errors.js';
import { devicesSuppliedFrom } from '../../storage/domains.js';
import { poolPrefixes } from '../../storage/pool-prefixes.js';
import * as pools from '../../storage/pools.js';
import { cancelWaitingFor } from '../waiting/end-waiting.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';
import { takePoolTurn } from './pool-turn.js';

/**
 * Deletes a pool that holds nothing and supplies nobody; its prefixes go back to the parent in the same transaction.
 * @throws CasmError `pool-not-found`, `precondition-failed`, `pool-in-use`
 */
export async function deletePool(work: Work, { poolId, ifMatch }: { poolId: string; ifMatch?: string }): Promise<void> {
  const { tx } = work;
  const before = await takePoolTurn(work, { poolId, ifMatch });
  await pools.outlastKeepers(tx, [poolId]);
  const { children, allocations } = await pools.poolContents(tx, poolId);
  if (children.length > 0 || allocations > 0) {
    throw new CasmError('pool-in-use', `the pool still has ${counted(children.length, 'child pool')} and ${counted(allocations, 'allocation')} (quarantined ones count): release and delete them first`, {
      conflicts: children,
    });
  }
  const supplied = await devicesSuppliedFrom(tx, [poolId]);
  if (supplied.length > 0) {
    throw new CasmError('pool-in-use', `${counted(supplied.length, 'device is', 'devices are')} supplied from the pool: change their domains first`, { conflicts: supplied });
  }
  const prefixes = await poolPrefixes(tx, poolId);
  await pools.deletePool(tx, poolId);
  await cancelWaitingFor(work, poolId);
  if (before.parentId !== null) {
    await giveBack(tx, before.parentId, prefixes.map((one) => ({ prefix: one.prefix, poolPrefix: one.parentPrefix ?? one.prefix })));
    wakeWaiting(tx, [before.parentId]);
  }
  work.audit({ resourceType: 'pool', resourceId: poolId, before, after: null });
}
