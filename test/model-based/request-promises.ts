/** What is promised to whoever asks for space: from the pool named, from the first that gives, what a hold keeps, or several as one. */
import type { ErrorCode } from '../../src/model/errors.js';
import { parsePrefix } from '../../src/model/prefix.js';
import type { HoldRequest } from '../../src/model/hold.js';
import { serve, type Call, type Manner, type Request } from './breath-promises.js';
import { Course, isRefused, type Kept, type Oracle, type Promised } from './promise.js';
import { serveQueue, sparedFrom, waitFor } from './waiting-promises.js';
import type { World } from './world.js';

interface AskedFor {
  readonly request: Request;
  /** Its place among the answers. */
  readonly at: number;
}

/** Whoever waits comes first, and the first who goes on waiting keeps what it is nearest to. */
function inTurn(course: Course, poolId: string, asked: readonly AskedFor[], manner: Manner): Promised[] {
  course.next((world) => serveQueue(world, poolId));
  const promised = serve(course.world, poolId, asked.map(({ request }) => request), { ...manner, spared: sparedFrom(course.world, poolId) });
  promised.forEach((one, index) => !isRefused(one) && course.keep(one, asked[index]?.at ?? 0));
  return promised;
}

/** One that is refused for want of space may wait. */
export const allocatePrefix: Oracle<Request> = (world, request) => {
  const course = new Course(world);
  const promised = serveAnywhere(course, request);
  if (!isRefused(promised)) return promised;
  const waiting = waitFor(course.world, request, promised);
  if (isRefused(waiting)) return request.poolId === undefined ? waiting : { ...waiting, keep: (world) => course.follow(world) };
  return {
    ...waiting,
    keep: (world, done) => {
      course.follow(world);
      waiting.keep(world, done);
    },
  };
};

export const createHold: Oracle<HoldRequest> = (world, { seconds = 300, ...request }) =>
  serveAnywhere(new Course(world), { ...request, validUntil: new Date(world.clock + seconds * 1000).toISOString() }, { reserve: true });

function serveAnywhere(course: Course, request: Request, manner: Manner = {}): Promised {
  const poolId = poolOf(course.world, request);
  if (poolId === 'unknown hold') return { refused: 'hold-not-found' };
  const asked = [{ request, at: 0 }];
  const [promised] = poolId === undefined ? select(course, asked, manner) : inTurn(course, poolId, asked, manner);
  if (promised === undefined) throw new Error('a request was promised nothing');
  return isRefused(promised) ? promised : { ...promised, keep: (world, done) => course.follow(world, [done]) };
}

export const allocateSet: Oracle<{ items: readonly { count?: number; request: Request }[] }> = (world, { items }) => {
  const asked = items.flatMap(({ count = 1, request }, item) => Array.from({ length: count }, () => ({ request, item }))).map((one, at) => ({ ...one, at }));
  const groups = Map.groupBy(asked, ({ request, item }) => poolOf(world, request) ?? item);
  if (groups.has('unknown hold')) return { refused: 'hold-not-found' };
  // Group by group: each finds what those before it have left. To a quota all of them are one request.
  const course = new Course(world);
  const call: Call = [];
  const results: Kept[] = [];
  for (const [key, group] of groups) {
    const promised = typeof key === 'string' ? inTurn(course, key, group, { call }) : select(course, group, { call });
    for (const [index, one] of promised.entries()) {
      if (isRefused(one)) return one;
      results[group[index]?.at ?? 0] = one;
    }
  }
  return { done: results.map(({ done }) => done), keep: (world, done) => course.follow(world, done as unknown[]) };
};

/** What another pool may not have in its way. */
const passedBy: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'prefix-outside-pool', 'prefix-not-free', 'pool-not-found']);

/** The pools in the order they are stated in, those first that seem to have room: each request has the first that can serve it. */
function select(course: Course, asked: readonly AskedFor[], manner: Manner): Promised[] {
  const wanted = asked[0]?.request as Request;
  const pools = course.world.poolsAmong(wanted.poolSelector?.poolIds);
  if (pools.length === 0) return asked.map(() => ({ refused: 'pool-not-found' }));
  const roomy = pools.filter((poolId) => seemsRoomy(course.world, poolId, wanted));
  const promised = new Map<number, Promised>();
  for (const poolId of roomy.length === 0 ? pools : roomy) {
    const left = asked.filter(({ at }) => !promised.has(at));
    if (left.length === 0) break;
    for (const [index, one] of inTurn(course, poolId, left, manner).entries()) {
      if (!isRefused(one) || !passedBy.has(one.refused)) promised.set(left[index]?.at ?? 0, one);
    }
  }
  return asked.map(({ at }) => promised.get(at) ?? { refused: 'pool-exhausted' });
}

function seemsRoomy(world: World, poolId: string, { prefix, family = 'ipv4', prefixLength = 0 }: Request): boolean {
  const pool = world.pools.get(poolId);
  const wanted = prefix === undefined ? { family, length: prefixLength } : parsePrefix(prefix);
  return pool !== undefined && world.room(pool).hasRoom(wanted.family, wanted.length);
}

function poolOf(world: World, { holdId, poolId }: Request): string | undefined {
  if (holdId === undefined) return poolId;
  const held = world.taken.get(holdId);
  return held?.state === 'reserved' ? held.poolId : 'unknown hold';
}
