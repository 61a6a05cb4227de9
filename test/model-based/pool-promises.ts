/** What the pools of the tree are promised: to be made, changed and deleted with nothing lost between parent and child. */
import type { PoolRequest } from '../../src/operations/pools/create-pool.js';
import type { PoolUpdate } from '../../src/operations/pools/update-pool.js';
import { formatPrefix, parsePrefix, samePrefix, type Prefix } from '../../src/model/prefix.js';
import type { NaiveSpace } from '../allocator/naive-space.js';
import { apart } from './allocation-promises.js';
import type { Oracle, Promised, Refused } from './promise.js';
import { forgetPool } from './waiting-promises.js';
import { liesIn, sorted, type PoolThere, type World } from './world.js';

type Start = Omit<PoolThere, 'id' | 'prefixes'>;

export const createPool: Oracle<PoolRequest> = (world, request) => {
  const { policy = {} } = request;
  const parent = world.pools.get(request.parentId ?? '');
  if (request.parentId !== undefined && parent === undefined) return { refused: 'parent-not-found' };
  const start: Start = {
    spaceId: parent?.spaceId ?? request.spaceId ?? '',
    parentId: parent?.id ?? null,
    placement: policy.placement ?? 'best-fit',
    quarantineSeconds: policy.quarantineSeconds ?? 0,
    cap: policy.quarantineMaxAddresses?.ipv4 == null ? null : Number(policy.quarantineMaxAddresses.ipv4),
  };
  const prefixes = request.carve === undefined || parent === undefined ? given(world, start, parent && world.room(parent), (request.prefixes ?? []).map(parsePrefix)) : carved(parent, world.room(parent), request.carve);
  return 'refused' in prefixes ? prefixes : making(start, prefixes);
};

function making(start: Start, prefixes: readonly Prefix[]): Promised {
  return {
    done: { spaceId: start.spaceId, parentId: start.parentId, prefixes: sorted(prefixes).map(formatPrefix) },
    keep: (world, done) => {
      const { id } = done as { id: string };
      world.pools.set(id, { id, ...start, prefixes: sorted(prefixes) });
    },
  };
}

/** @param room what the parent has; undefined for a root. */
function given(world: World, { spaceId, parentId }: Pick<PoolThere, 'spaceId' | 'parentId'>, room: NaiveSpace | undefined, prefixes: readonly Prefix[], but?: string): Prefix[] | Refused {
  if (!apart(prefixes)) return { refused: 'prefix-overlap' };
  const parent = world.pools.get(parentId ?? '');
  for (const prefix of sorted(prefixes)) {
    if (parent === undefined || room === undefined) {
      if (world.rootsOverlapping(spaceId, prefix).some(({ id }) => id !== but)) return { refused: 'prefix-overlap' };
    } else if (!liesIn(parent.prefixes, prefix)) return { refused: 'prefix-outside-pool' };
    else if (!room.isFree(prefix)) return { refused: 'prefix-not-free' };
  }
  return sorted(prefixes);
}

function carved({ placement }: PoolThere, room: NaiveSpace, carves: NonNullable<PoolRequest['carve']>): Prefix[] | Refused {
  const taken: Prefix[] = [];
  for (const { family, prefixLength, count = 1 } of carves) {
    for (let at = 0; at < count; at += 1) {
      const prefix = placement === 'random' ? undefined : room.choose(placement, family, prefixLength);
      if (prefix === undefined) return { refused: 'pool-exhausted' };
      room.take(prefix);
      taken.push(prefix);
    }
  }
  return taken;
}

/** A change of the prefixes: what leaves must be wholly free, and what comes may use what has left. */
export const updatePool: Oracle<PoolUpdate> = (world, { poolId, prefixes = [] }) => {
  const pool = world.pools.get(poolId);
  if (pool === undefined) return { refused: 'pool-not-found' };
  const wanted = prefixes.map(parsePrefix);
  if (!apart(wanted)) return { refused: 'prefix-overlap' };
  const leaving = pool.prefixes.filter((one) => !wanted.some((other) => samePrefix(one, other)));
  const arriving = wanted.filter((one) => !pool.prefixes.some((other) => samePrefix(one, other)));
  const room = world.room(pool);
  if (!leaving.every((prefix) => room.isFree(prefix))) return { refused: 'pool-in-use' };
  const parent = world.pools.get(pool.parentId ?? '');
  const above = parent && world.room(parent);
  for (const prefix of leaving) above?.giveBack(prefix);
  const arrived = given(world, pool, above, arriving, poolId);
  if ('refused' in arrived) return arrived;
  return { done: { id: poolId, prefixes: sorted(wanted).map(formatPrefix) }, keep: (world) => void world.pools.set(poolId, { ...pool, prefixes: sorted(wanted) }) };
};

export const deletePool: Oracle<{ poolId: string }> = (world, { poolId }) => {
  if (!world.pools.has(poolId)) return { refused: 'pool-not-found' };
  if (world.childrenOf(poolId).length > 0 || world.takenFrom(poolId).length > 0) return { refused: 'pool-in-use' };
  return {
    done: undefined,
    keep: (world) => {
      world.pools.delete(poolId);
      world.gone.push(poolId);
      forgetPool(world, poolId);
    },
  };
};

