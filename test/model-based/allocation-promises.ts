/** What allocations and holds are promised, from their request to the day their space is free. */
import type { AllocationRequest } from '../../src/model/allocation.js';
import type { HoldRequest } from '../../src/model/hold.js';
import { contains, familyBits, formatPrefix, overlaps, parsePrefix, prefixLast, type Prefix } from '../../src/model/prefix.js';
import { NaiveSpace } from '../allocator/naive-space.js';
import { imagine, isRefused, type Kept, type Oracle, type Promised } from './promise.js';
import { liesIn, type PoolThere, type Taken, type World } from './world.js';

type Request = Omit<AllocationRequest, 'service'>;
type State = 'active' | 'reserved';

/** Requests for one pool in one breath: what holds keep, then exact prefixes, then what is left, each in order. */
export function serve(world: World, poolId: string, requests: readonly Request[], state: State = 'active'): Promised[] {
  const pool = world.pools.get(poolId);
  if (pool === undefined) return requests.map(() => ({ refused: 'pool-not-found' }));
  const room = world.room(pool);
  const claimed = new Set<string>();
  const serveOne = (request: Request): Promised => {
    if (request.holdId !== undefined) return takeHold(world, claimed, request.holdId, request);
    const wanted = request.prefix === undefined ? choose(pool, room, request) : parsePrefix(request.prefix);
    if (wanted === 'anywhere') return chance(pool, room, request, state);
    if (wanted === undefined) return { refused: 'pool-exhausted' };
    if (!liesIn(pool.prefixes, wanted)) return { refused: 'prefix-outside-pool' };
    if (!room.isFree(wanted)) return { refused: 'prefix-not-free' };
    room.take(wanted);
    return taking(pool, wanted, request, state);
  };
  const rank = ({ holdId, prefix }: Request): number => (holdId !== undefined ? 0 : prefix !== undefined ? 1 : 2);
  const promised: Promised[] = [];
  for (const now of [0, 1, 2]) requests.forEach((request, at) => rank(request) === now && (promised[at] = serveOne(request)));
  return promised;
}

export const allocatePrefix: Oracle<Request> = (world, request) => serveAnywhere(world, request, 'active');

export const createHold: Oracle<HoldRequest> = (world, { seconds = 300, ...request }) =>
  serveAnywhere(world, { ...request, validUntil: new Date(world.clock + seconds * 1000).toISOString() }, 'reserved');

function serveAnywhere(world: World, request: Request, state: State): Promised {
  const poolId = poolOf(world, request);
  if (poolId === 'unknown hold') return { refused: 'hold-not-found' };
  if (poolId === undefined) return select(world, [request], state)[0] as Promised;
  return serve(world, poolId, [request], state)[0] as Promised;
}

export const allocateSet: Oracle<{ items: readonly { count?: number; request: Request }[] }> = (world, { items }) => {
  const asked = items.flatMap(({ count = 1, request }, item) => Array.from({ length: count }, () => ({ request, item }))).map((one, at) => ({ ...one, at }));
  const groups = Map.groupBy(asked, ({ request, item }) => poolOf(world, request) ?? item);
  if (groups.has('unknown hold')) return { refused: 'hold-not-found' };
  // Group by group: each finds what those before it have left.
  const now = world.clone();
  const results: Kept[] = [];
  for (const [key, group] of groups) {
    const requests = group.map(({ request }) => request);
    const promised = typeof key === 'string' ? serve(now, key, requests) : select(now, requests, 'active');
    for (const [index, one] of promised.entries()) {
      if (isRefused(one)) return one;
      one.keep(now, imagine(one.done));
      results[group[index]?.at ?? 0] = one;
    }
  }
  return { done: results.map(({ done }) => done), keep: (world, done) => results.forEach((result, at) => result.keep(world, (done as unknown[])[at])) };
};

/** The pools in the order they are stated in: each request has the first that can serve it. */
function select(world: World, requests: readonly Request[], state: State): Promised[] {
  const pools = [...new Set(requests[0]?.poolSelector?.poolIds)].filter((id) => world.pools.has(id));
  if (pools.length === 0) return requests.map(() => ({ refused: 'pool-not-found' }));
  const now = world.clone();
  return requests.map((request) => {
    for (const poolId of pools) {
      const [promised] = serve(now, poolId, [request], state);
      if (promised === undefined || isRefused(promised)) continue;
      promised.keep(now, imagine(promised.done));
      return promised;
    }
    return { refused: 'pool-exhausted' };
  });
}

function poolOf(world: World, { holdId, poolId }: Request): string | undefined {
  if (holdId === undefined) return poolId;
  const held = world.taken.get(holdId);
  return held?.state === 'reserved' ? held.poolId : 'unknown hold';
}

function takeHold(world: World, claimed: Set<string>, holdId: string, { holder, validUntil }: Request): Promised {
  const held = world.taken.get(holdId);
  if (held?.state !== 'reserved') return { refused: 'hold-not-found' };
  if (held.holder !== holder) return { refused: 'invalid-request' };
  if ((held.until ?? 0) <= world.clock) return { refused: 'hold-expired' };
  // It is good for one request; who may not have it at all is told that first.
  if (claimed.has(holdId)) return { refused: 'hold-not-found' };
  claimed.add(holdId);
  return {
    done: { id: holdId, poolId: held.poolId, prefix: formatPrefix(held.prefix), state: 'active' },
    keep: (world) => void world.taken.set(holdId, { ...held, state: 'active', until: validUntil === undefined ? null : Date.parse(validUntil) }),
  };
}

function choose(pool: PoolThere, room: NaiveSpace, request: Request): Prefix | undefined | 'anywhere' {
  const placement = request.placement ?? pool.placement;
  if (placement === 'random') return 'anywhere';
  return allowedPart(room, request).choose(placement, request.family ?? 'ipv4', request.prefixLength ?? 0);
}

/** The room as it would be if what the request excludes were taken. */
function allowedPart(room: NaiveSpace, { allowedPrefixes, disallowedPrefixes = [] }: Request): NaiveSpace {
  if (allowedPrefixes === undefined && disallowedPrefixes.length === 0) return room;
  const [allowed, disallowed] = [allowedPrefixes?.map(parsePrefix), disallowedPrefixes.map(parsePrefix)];
  const part = new NaiveSpace(room.poolPrefixes);
  for (const one of room.poolPrefixes) {
    for (let first = one.first; first <= prefixLast(one); first += 1n) {
      const address = { family: one.family, first, length: familyBits(one.family) };
      const open = room.isFree(address) && (allowed?.some((here) => contains(here, address)) ?? true) && !disallowed.some((here) => contains(here, address));
      if (!open) part.take(address);
    }
  }
  return part;
}

/** Any that fits will do, and if there is one there must be an answer. */
function chance(pool: PoolThere, room: NaiveSpace, request: Request, state: State): Promised {
  const part = allowedPart(room, request);
  const [family, length] = [request.family ?? 'ipv4', request.prefixLength ?? 0];
  if (!part.hasRoom(family, length)) return { refused: 'pool-exhausted' };
  const prefixOf = (done: unknown): Prefix => parsePrefix((done as { prefix: string }).prefix);
  return {
    done: { poolId: pool.id, family },
    fault: (done) => (prefixOf(done).length === length && part.isFree(prefixOf(done)) ? undefined : `${formatPrefix(prefixOf(done))} was not to be had`),
    keep: (world, done) => (taking(pool, prefixOf(done), request, state) as Kept).keep(world, done),
  };
}

function taking(pool: PoolThere, prefix: Prefix, { holder, validUntil }: Request, state: State): Promised {
  const until = validUntil === undefined ? null : Date.parse(validUntil);
  return {
    done: { poolId: pool.id, prefix: formatPrefix(prefix), family: prefix.family },
    keep: (world, done) => void world.taken.set((done as { id: string }).id, { poolId: pool.id, prefix, holder, state, until, restsSince: 0 }),
  };
}

export const deleteHold: Oracle<{ holdId: string }> = (world, { holdId }) =>
  world.taken.get(holdId)?.state === 'reserved' ? { done: undefined, keep: (world) => world.free(holdId) } : { refused: 'hold-not-found' };

type OfAllocation = (id: string, taken: Taken, pool: PoolThere, world: World) => Promised;
const allocation =
  (promise: OfAllocation): Oracle<{ allocationId: string }> =>
  (world, { allocationId: id }) => {
    const taken = world.taken.get(id);
    const pool = world.pools.get(taken?.poolId ?? '');
    return taken === undefined || pool === undefined || taken.state === 'reserved' ? { refused: 'allocation-not-found' } : promise(id, taken, pool, world);
  };
const inUse =
  (promise: OfAllocation): OfAllocation =>
  (id, taken, pool, world) =>
    taken.state === 'quarantined' ? { refused: 'state-conflict' } : promise(id, taken, pool, world);
const becomes =
  (state: 'active' | 'drained'): OfAllocation =>
  (id, taken) => ({ done: { id, state }, keep: (world) => void world.taken.set(id, { ...taken, state }) });

export const drainAllocation = allocation(inUse(becomes('drained')));
export const activateAllocation = allocation(inUse(becomes('active')));

export const updateAllocation: Oracle<{ allocationId: string; holder?: string; validUntil?: string | null }> = (world, update) =>
  allocation(
    inUse((id, taken) => {
      const { holder = taken.holder, validUntil } = update;
      const until = validUntil === undefined ? taken.until : validUntil === null ? null : Date.parse(validUntil);
      if (validUntil != null && (until ?? 0) <= world.clock) return { refused: 'invalid-request' };
      return { done: { id, holder }, keep: (world) => void world.taken.set(id, { ...taken, holder, until }) };
    }),
  )(world, update);

export const releaseAllocation = allocation((id, taken, { quarantineSeconds }, world) => {
  if (taken.state === 'quarantined') return { done: { id, state: 'quarantined' }, keep: () => undefined };
  if (quarantineSeconds === 0) return { done: { id, state: 'free' }, keep: (world) => world.free(id) };
  const resting: Taken = { ...taken, state: 'quarantined', until: world.clock + quarantineSeconds * 1000, restsSince: world.turn };
  return { done: { id, state: 'quarantined' }, keep: (world) => void world.taken.set(id, resting) };
});

export const releaseQuarantine = allocation((id, { state }) => (state === 'quarantined' ? { done: { id, state: 'free' }, keep: (world) => world.free(id) } : { refused: 'state-conflict' }));

/** What the background work does once its time has come. */
export function timesUp(world: World): void {
  const due = ({ until }: Taken): boolean => until !== null && until <= world.clock;
  for (const [id, taken] of world.taken) {
    if (!due(taken)) continue;
    world.turn += 1;
    if (taken.state === 'reserved') world.free(id);
    else if (taken.state !== 'quarantined') (releaseAllocation(world, { allocationId: id }) as Kept).keep(world, {});
  }
  for (const [id, taken] of world.taken) if (taken.state === 'quarantined' && due(taken)) world.free(id);
  for (const pool of world.pools.values()) if (pool.cap !== null) for (const family of ['ipv4', 'ipv6']) capped(world, pool.id, family, pool.cap);
}

/** What has rested longest goes first. */
function capped(world: World, poolId: string, family: string, cap: number): void {
  const resting = [...world.taken].filter(([, { poolId: of, prefix, state }]) => of === poolId && state === 'quarantined' && prefix.family === family);
  resting.sort(([one, a], [other, b]) => b.restsSince - a.restsSince || (one < other ? 1 : -1));
  let addresses = 0;
  for (const [id, { prefix }] of resting) {
    addresses += 2 ** (familyBits(prefix.family) - prefix.length);
    if (addresses > cap) world.free(id);
  }
}

export const apart = (prefixes: readonly Prefix[]): boolean => prefixes.every((one, at) => prefixes.slice(at + 1).every((other) => !overlaps(one, other)));
