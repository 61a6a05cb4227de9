/** What is promised when space is laid out anew: allocations grow, shrink and move, pools split and merge, and nothing is lost. */
import { aggregate, contains, formatPrefix, overlaps, parsePrefix, prefixAround, samePrefix, subtract, type Prefix } from '../../src/model/prefix.js';
import type { MergeResult } from '../../src/operations/pools/merge-pools.js';
import type { Part, SplitResult } from '../../src/operations/pools/split-pool.js';
import { apart, isLeaving, releaseAllocation, toldAnew, updateAllocation } from './allocation-promises.js';
import { Course, isRefused, type Kept, type Oracle } from './promise.js';
import { mayHave, unitsOf } from './quota-promises.js';
import { waitElsewhere } from './waiting-promises.js';
import { liesIn, sorted, type PoolThere, type Taken, type World } from './world.js';

interface Found {
  readonly id: string;
  readonly taken: Taken;
  readonly pool: PoolThere;
}

function allocationOf(world: World, id: string): Found | undefined {
  const taken = world.taken.get(id);
  const pool = world.pools.get(taken?.poolId ?? '');
  return taken === undefined || pool === undefined || taken.state === 'reserved' ? undefined : { id, taken, pool };
}

export const resizeAllocation: Oracle<{ allocationId: string; prefixLength: number }> = (world, { allocationId, prefixLength }) => {
  const found = allocationOf(world, allocationId);
  if (found === undefined) return { refused: 'allocation-not-found' };
  const { taken, pool, id } = found;
  const { family, first, length } = taken.prefix;
  const larger = prefixLength < length;
  if (isLeaving(taken) || (larger && taken.state !== 'active' && taken.state !== 'provisioning')) return { refused: 'state-conflict' };
  const wanted = prefixAround(family, first, prefixLength);
  const { holder, byDevice, byParentCa } = taken;
  if (larger) {
    // To a quota it is a request for all of it, in place of what there was.
    const less = world.clone();
    less.taken.delete(id);
    if (!mayHave(less, { holder, spaceId: pool.spaceId, family, units: unitsOf(family, prefixLength) })) return { refused: 'quota-exceeded' };
    if (!liesIn(pool.prefixes, wanted)) return { refused: 'prefix-outside-pool' };
    const room = world.room(pool);
    if (!subtract(wanted, taken.prefix).every((part) => room.isFree(part))) return { refused: 'prefix-not-free' };
  }
  return {
    done: { allocation: { id, prefix: formatPrefix(wanted) } },
    keep: (world, done) => {
      if (prefixLength !== length) world.change(id, { prefix: wanted, byDevice: toldAnew(byDevice), byParentCa: larger ? toldAnew(byParentCa) : byParentCa });
      // What is released is a part each; that they are all the parts, the free blocks will show.
      for (const part of (done as { released: readonly { id: string; prefix: string }[] }).released) {
        world.taken.set(part.id, { ...taken, prefix: parsePrefix(part.prefix) });
        (releaseAllocation(world, { allocationId: part.id }) as Kept).keep(world, {});
      }
    },
  };
};

interface Move {
  readonly allocationId: string;
  readonly poolId?: string;
  readonly holder?: string;
}

/** To another pool, another holder, or both. */
export const moveAllocation: Oracle<Move> = (world, { allocationId, poolId, holder }) => {
  if (poolId === undefined) return updateAllocation(world, { allocationId, holder });
  const moved = toPool(world, { allocationId, poolId });
  if (isRefused(moved) || holder === undefined) return moved;
  const course = new Course(world);
  course.next((world) => moved.keep(world, undefined));
  const given = updateAllocation(course.world, { allocationId, holder });
  if (isRefused(given)) return given;
  return {
    done: { ...(moved.done as object), holder },
    keep: (world) => {
      course.follow(world);
      given.keep(world, undefined);
    },
  };
};

const toPool: Oracle<{ allocationId: string; poolId: string }> = (world, { allocationId, poolId }) => {
  const found = allocationOf(world, allocationId);
  if (found === undefined) return { refused: 'allocation-not-found' };
  const to = world.pools.get(poolId);
  if (to === undefined) return { refused: 'pool-not-found' };
  const { taken, pool: from, id } = found;
  if (isLeaving(taken)) return { refused: 'state-conflict' };
  const [down, up, across] = [to.parentId === from.id, from.parentId === to.id, from.parentId === to.parentId && from.spaceId === to.spaceId];
  if (from !== to && !down && !up && !across) return { refused: 'pool-unsuitable' };
  return {
    done: { id, poolId, prefix: formatPrefix(taken.prefix) },
    keep: (world) => {
      if (from === to) return;
      world.taken.set(id, { ...taken, poolId });
      if (!down) world.pools.set(from.id, { ...from, prefixes: sorted(from.prefixes.flatMap((one) => without(one, [taken.prefix]))) });
      if (!up) world.pools.set(to.id, { ...to, prefixes: sorted([...to.prefixes, taken.prefix]) });
    },
  };
};

export const splitPool: Oracle<{ poolId: string; parts: readonly Part[] }> = (world, { poolId, parts }) => {
  const pool = world.pools.get(poolId);
  if (pool === undefined) return { refused: 'pool-not-found' };
  const asked = parts.map(({ prefixes }) => prefixes.map(parsePrefix));
  const leaving = asked.flat();
  if (!apart(leaving)) return { refused: 'prefix-overlap' };
  if (!leaving.every((prefix) => liesIn(pool.prefixes, prefix))) return { refused: 'prefix-outside-pool' };
  const staying = pool.prefixes.flatMap((one) => without(one, leaving));
  if (staying.length === 0) return { refused: 'pool-unsuitable' };
  const tiles = [staying, ...asked];
  /** Whose everything is that lies there; undefined when a cut goes through it. */
  const ownerOf = (prefixes: readonly Prefix[]): number | undefined => {
    const owners = new Set(prefixes.map((prefix) => tiles.findIndex((own) => liesIn(own, prefix))));
    return owners.size <= 1 && !owners.has(-1) ? ([...owners][0] ?? 0) : undefined;
  };
  const children = world.childrenOf(poolId);
  const allocations = [...world.taken].filter(([, taken]) => taken.poolId === poolId);
  if ([...children.map(({ prefixes }) => prefixes), ...allocations.map(([, { prefix }]) => [prefix])].some((prefixes) => ownerOf(prefixes) === undefined)) return { refused: 'pool-in-use' };
  return {
    done: { pool: { id: poolId, prefixes: sorted(staying).map(formatPrefix) }, created: asked.map((own) => ({ parentId: pool.parentId, prefixes: sorted(own).map(formatPrefix) })) },
    keep: (world, done) => {
      const ids = [poolId, ...(done as SplitResult).created.map(({ id }) => id)];
      tiles.forEach((own, at) => world.pools.set(ids[at] ?? '', { ...pool, id: ids[at] ?? '', prefixes: sorted(own) }));
      for (const child of children) world.pools.set(child.id, { ...child, parentId: ids[ownerOf(child.prefixes) ?? 0] ?? '' });
      for (const [id, taken] of allocations) world.taken.set(id, { ...taken, poolId: ids[ownerOf([taken.prefix]) ?? 0] ?? '' });
    },
  };
};

export const mergePools: Oracle<{ poolId: string; poolIds: readonly string[] }> = (world, { poolId, poolIds }) => {
  const pool = world.pools.get(poolId);
  const others = [...new Set(poolIds)].map((id) => world.pools.get(id));
  if (pool === undefined || others.includes(undefined)) return { refused: 'pool-not-found' };
  const merged = others.filter((one) => one !== undefined);
  if (merged.some((one) => one === pool || one.parentId !== pool.parentId || one.spaceId !== pool.spaceId)) return { refused: 'pool-unsuitable' };
  const prefixes = joined(world, pool, [pool, ...merged].flatMap((one) => one.prefixes));
  return {
    done: { pool: { id: poolId, prefixes: prefixes.map(formatPrefix) } },
    keep: (world, done) => {
      world.pools.set(poolId, { ...pool, prefixes });
      const gone = new Set((done as MergeResult).merged);
      for (const [id, taken] of world.taken) if (gone.has(taken.poolId)) world.taken.set(id, { ...taken, poolId });
      for (const [id, child] of world.pools) if (gone.has(child.parentId ?? '')) world.pools.set(id, { ...child, parentId: poolId });
      for (const id of gone) if (world.pools.delete(id)) world.gone.push(id);
      waitElsewhere(world, gone, poolId);
    },
  };
};

/** Those that complete each other become one, but for what lies in different prefixes of the parent. */
function joined(world: World, { parentId }: PoolThere, prefixes: readonly Prefix[]): Prefix[] {
  const parent = world.pools.get(parentId ?? '');
  const groups = parent === undefined ? [prefixes] : parent.prefixes.map((outer) => prefixes.filter((one) => contains(outer, one)));
  return sorted(groups.flatMap((group) => aggregate(group)));
}

/** What is left of a prefix, as few prefixes as can be. */
function without(whole: Prefix, leaving: readonly Prefix[]): Prefix[] {
  const inside = leaving.filter((one) => overlaps(whole, one));
  if (inside.length === 0) return [whole];
  if (inside.some((one) => samePrefix(one, whole))) return [];
  const half = { ...whole, length: whole.length + 1 };
  return aggregate([half, ...subtract(whole, half)].flatMap((one) => without(one, inside)));
}
