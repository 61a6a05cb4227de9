/**
 * What is promised to those who wait (docs/decisions/0017): nobody overtakes them, they are served by priority and then by age,
 * and the first of a pool's queue keeps the block that it is nearest to.
 */
import type { AllocationRequest } from '../../src/model/allocation.js';
import type { ErrorCode } from '../../src/model/errors.js';
import { familyBits, parsePrefix, prefixAround, prefixLast, prefixSize, type Prefix } from '../../src/model/prefix.js';
import { serve, type Request } from './breath-promises.js';
import { imagine, isRefused, type Oracle, type Promised, type Refused } from './promise.js';
import { isBounded } from './quota-promises.js';
import { sorted, type PoolThere, type Waiting, type World } from './world.js';

const usual = 4;
type Entry = readonly [id: string, waiting: Waiting];

/** Those who wait for one of the pools, in their order. */
function queueOf(world: World, poolIds: readonly string[]): Entry[] {
  const queue = [...world.waiting].filter(([, one]) => one.poolIds.some((id) => poolIds.includes(id)));
  return queue.sort(([, one], [, other]) => other.priority - one.priority);
}

/** As far as it goes. While the first is served the next is the first; those behind one who is not take what lies outside of what it keeps. */
export function serveQueue(world: World, poolId: string): void {
  for (const [id, { until }] of queueOf(world, [poolId])) if (until <= world.clock) end(world, id, 'expired');
  for (let left = queueOf(world, [poolId]).length; left > 0; left -= 1) {
    const [first, ...others] = queueOf(world, [poolId]);
    if (first === undefined || serveSome(world, poolId, [first], null)) continue;
    for (const run of runsOf(others)) serveSome(world, poolId, run, first[1].kept);
    return;
  }
}

/** Neighbours of one kind are served in one breath. */
function runsOf(queue: readonly Entry[]): Entry[][] {
  const kind = (entry: Entry | undefined): boolean => entry?.[1].request.prefix !== undefined;
  const runs: Entry[][] = [];
  for (const entry of queue) {
    const run = runs.at(-1);
    if (run === undefined || kind(run[0]) !== kind(entry)) runs.push([entry]);
    else run.push(entry);
  }
  return runs;
}

/** @returns whether any of them waits no more */
function serveSome(world: World, poolId: string, some: readonly Entry[], spared: Prefix | null): boolean {
  const promised = serve(world, poolId, some.map(([, { request }]) => request), { spared: () => spared });
  const ends = some.map(([id, waiting], at) => endOf(world, id, waiting, promised[at] as Promised));
  return ends.includes(true);
}

/** Whoever is served has, until the controller says how it is called, an allocation of this name. */
export const servedAs = (id: string): string => `for ${id}`;

const passing: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'prefix-not-free', 'quota-exceeded']);

/** A refusal that time does not mend ends it, too; that one of several pools has not what is wanted does not. */
function endOf(world: World, id: string, { poolIds }: Waiting, promised: Promised): boolean {
  if (isRefused(promised)) {
    if (passing.has(promised.refused) || (poolIds.length > 1 && promised.refused === 'prefix-outside-pool')) return false;
    end(world, id, 'cancelled');
    return true;
  }
  promised.keep(world, { ...(imagine(promised.done) as object), id: servedAs(id) });
  end(world, id, 'served');
  return true;
}

function end(world: World, id: string, how: 'served' | 'cancelled' | 'expired'): void {
  world.waiting.delete(id);
  world.waited.set(id, how);
}

/** What whoever asks now leaves to the first of the queue, unless it is more urgent. */
export function sparedFrom(world: World, poolId: string): (request: Request) => Prefix | null {
  const [first] = queueOf(world, [poolId]);
  return ({ wait }) => (first === undefined || (wait?.priority ?? usual) > first[1].priority ? null : first[1].kept);
}

/** A place in the queue where the request would wait, and that is not in vain; or else the refusal. */
export function waitFor(world: World, request: Request, { refused }: Refused): Promised {
  if (request.wait === undefined || request.holdId !== undefined || (refused !== 'pool-exhausted' && refused !== 'prefix-not-free')) return { refused };
  const poolIds = request.poolId === undefined ? world.poolsAmong(request.poolSelector?.poolIds) : [request.poolId];
  const [pool] = poolIds.map((id) => world.pools.get(id));
  const kept = poolIds.length === 1 && pool !== undefined ? nearest(world, pool, request) : null;
  if (kept === undefined) return { refused };
  const { seconds, priority = usual } = request.wait;
  const before = queueOf(world, poolIds).filter(([, one]) => one.priority >= priority);
  const waiting: Waiting = { poolIds, priority, kept, until: world.clock + seconds * 1000, request: request as AllocationRequest };
  return { done: { state: 'waiting', priority, poolIds, position: before.length + 1 }, keep: (world, done) => void world.waiting.set((done as { id: string }).id, waiting) };
}

/** The first of those blocks of which the most is free already, though not all. Undefined where there can be none; null where the request names its own region. */
function nearest(world: World, pool: PoolThere, { prefix, family = 'ipv4', prefixLength = 0, allowedPrefixes, disallowedPrefixes }: Request): Prefix | null | undefined {
  if (prefix !== undefined) return parsePrefix(prefix);
  const blocks = sorted(pool.prefixes.filter((one) => one.family === family)).flatMap((whole) => cut(whole, prefixLength));
  if (blocks.length === 0) return undefined;
  if (allowedPrefixes !== undefined || disallowedPrefixes !== undefined) return null;
  const room = world.room(pool);
  const size = 2 ** (familyBits(family) - prefixLength);
  const free = blocks.map((block) => cut(block, familyBits(family)).filter((address) => room.isFree(address)).length % size);
  return blocks[free.indexOf(Math.max(...free))];
}

function cut(whole: Prefix, length: number): Prefix[] {
  const size = prefixSize({ ...whole, length });
  const blocks: Prefix[] = [];
  for (let { first } = whole; whole.length <= length && first <= prefixLast(whole); first += size) blocks.push(prefixAround(whole.family, first, length));
  return blocks;
}

export const cancelWaitingRequest: Oracle<{ waitingRequestId: string }> = (world, { waitingRequestId: id }) => {
  const ended = world.waited.get(id);
  if (ended === undefined && !world.waiting.has(id)) return { refused: 'waiting-request-not-found' };
  if (ended !== undefined && ended !== 'cancelled') return { refused: 'state-conflict' };
  return { done: { id, state: 'cancelled', position: null }, keep: (world) => ended === undefined && end(world, id, 'cancelled') };
};

export function waitingTimesUp(world: World): void {
  for (const [id, { until }] of world.waiting) if (until <= world.clock) end(world, id, 'expired');
}

/** Of pools that became one: whoever waits for one of them waits for that one now. */
export function waitElsewhere(world: World, gone: ReadonlySet<string>, poolId: string): void {
  for (const [id, waiting] of world.waiting) world.waiting.set(id, { ...waiting, poolIds: [...new Set(waiting.poolIds.map((one) => (gone.has(one) ? poolId : one)))] });
}

/** Nothing comes from a pool that is gone. */
export function forgetPool(world: World, poolId: string): void {
  for (const [id, waiting] of world.waiting) {
    const poolIds = waiting.poolIds.filter((one) => one !== poolId);
    if (poolIds.length === 0) end(world, id, 'cancelled');
    else world.waiting.set(id, { ...waiting, poolIds });
  }
}

export const awaitedPools = (world: World): string[] => [...new Set([...world.waiting.values()].flatMap(({ poolIds }) => poolIds))].sort();

/**
 * Pools where somebody waits for what is free for them. A job should be on its way there; but what a holder gives back may be what
 * its quota kept it from elsewhere, and that is noticed by the next turn or sweep only.
 */
export function servablePools(world: World): string[] {
  return awaitedPools(world).filter((poolId) => {
    const after = world.clone();
    // Whose time is over is for a job of its own.
    after.clock = 0;
    serveQueue(after, poolId);
    return [...after.waited].some(([id, how]) => how === 'served' && !world.waited.has(id) && !isBounded(world, world.waiting.get(id)?.request.holder ?? ''));
  });
}

/** One line each, as the controller's list should have them. */
export function waitingLines(world: World): string[] {
  const waiting = [...world.waiting].map(([id, one]) => {
    const queue = queueOf(world, one.poolIds);
    return `${id} waiting at ${queue.findIndex(([other]) => other === id) + 1}`;
  });
  return [...waiting, ...[...world.waited].map(([id, how]) => `${id} ${how}`)].sort();
}

