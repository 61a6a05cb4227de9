/** Cuts and joins prefixes of sibling pools and gives them to others of these, with everything in them. */
import { layOutFree } from '../../allocator/laying-out.js';
import { CasmError } from '../../model/errors.js';
import { formatPrefix, parsePrefix } from '../../model/prefix.js';
import { nextRested } from '../../storage/allocation-quarantine.js';
import { findAllocations } from '../../storage/allocations.js';
import { findHolds } from '../../storage/holds.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import * as layout from '../../storage/pool-layout.js';
import { findPools } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import type { Work } from '../work.js';

/** How many allocations and child pools are in another pool now. */
export interface Moves {
  readonly allocations: number;
  readonly pools: number;
}

/**
 * The caller holds the turns of the parent and of all these pools.
 * @param old the prefixes that are to be laid out anew.
 * @param tiles what they are to become: the same addresses, each tile one prefix of one pool.
 * @throws CasmError `pool-in-use` when a cut would go through an allocation or a child pool, with what is in the way
 */
export async function layOut(work: Work, pool: { spaceId: string; parentId: string | null }, old: readonly layout.PoolPlace[], tiles: readonly layout.Tile[]): Promise<Moves> {
  const { tx } = work;
  const cut = await layout.cutThrough(tx, old, tiles);
  if (cut.length > 0) throw new CasmError('pool-in-use', `the cut would go through ${cut.join(', ')}`, { conflicts: cut });
  const torn = await layout.tornChildren(tx, old, tiles);
  if (torn.length > 0) throw new CasmError('pool-in-use', `child pools have prefixes on both sides of the cut: ${torn.join(', ')}`, { conflicts: torn });
  const owner = new Map(tiles.map((tile) => [tile.prefix, tile.poolId]));
  const inside = await layout.lockInside(tx, old);
  const [allocations, holds] = [await findAllocations(tx, inside), await findHolds(tx, inside)];
  const children = await findPools(tx, await layout.childrenInside(tx, old));
  const moved = await layout.whileKeysWait(tx, async () => {
    const free = await layout.freeBlocksIn(tx, old);
    const done = await layout.replacePrefixes(tx, pool, old, tiles);
    const blocks = layOutFree(free.map(parsePrefix), tiles.map((tile) => parsePrefix(tile.prefix)));
    await layout.insertFreeBlocks(tx, blocks.map(({ prefix, poolPrefix }) => ({ prefix: formatPrefix(prefix), poolPrefix, poolId: owner.get(poolPrefix) ?? '' })));
    return done;
  });
  // What rests has moved along, and its end is looked for where it is now.
  for (const poolId of new Set(owner.values())) await followRested(tx, poolId);
  const movedAllocations = await findAllocations(tx, moved.allocations);
  for (const after of movedAllocations.values()) work.audit({ resourceType: 'allocation', resourceId: after.id, before: allocations.get(after.id) ?? null, after });
  for (const after of (await findHolds(tx, moved.allocations)).values()) work.audit({ resourceType: 'hold', resourceId: after.id, before: holds.get(after.id) ?? null, after });
  for (const after of (await findPools(tx, moved.pools)).values()) work.audit({ resourceType: 'pool', resourceId: after.id, before: children.get(after.id) ?? null, after });
  return { allocations: movedAllocations.size, pools: moved.pools.length };
}

/** Sees to it that the quarantines of a pool that has got some end in time. */
export async function followRested(tx: Tx, poolId: string): Promise<void> {
  const next = await nextRested(tx, poolId);
  if (next !== null) await enqueueReturnOfSpace(tx, poolId, next);
}
