/** Arbitrary requests of the north door. */
import fc from 'fast-check';
import { placements } from '../../src/model/pool.js';
import { familyBits, formatPrefix, parsePrefix } from '../../src/model/prefix.js';
import { allocationAt, bits, deviceAt, family, holder, inside, lengthOf, nowhere, nth, pick, place, poolAt, prefixAt, prefixIn, smallBits, sure, takenAt, universe, type Request } from './picking.js';
import type { Asked } from './promise.js';
import type { World } from './world.js';

let names = 0;
const policy = fc.record({ placement: sure, quarantineSeconds: fc.constantFrom(0, 0, 3500), cap: fc.constantFrom(null, null, 8) }).map(({ placement, quarantineSeconds, cap }) => {
  const most = cap === null ? null : String(cap);
  return { placement, quarantineSeconds, quarantineMaxAddresses: { ipv4: most, ipv6: most } };
});

const newName = (): string => `pool-${(names += 1)}`;

const root = fc.record({ space: fc.nat(1), places: fc.array(place, { minLength: 1, maxLength: 3 }), policy }).map(({ space, places, policy }): Request => ({ spaceIds }) => ({
  operation: 'createPool',
  input: { name: newName(), spaceId: spaceIds[space], prefixes: places.map(prefixAt), policy },
}));

const child = fc.record({ pool: pick, which: fc.nat(3), places: fc.array(place, { minLength: 1, maxLength: 2 }), policy }).map(({ pool, which, places, policy }): Request => (world) => {
  const parentId = poolAt(world, pool);
  return parentId && { operation: 'createPool', input: { name: newName(), parentId, prefixes: places.map((one) => prefixIn(world, parentId, which, one)), policy } } || undefined;
});

const carvedChild = fc.record({ pool: pick, carves: fc.array(fc.record({ family, bits, count: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 2 }), policy }).map(({ pool, carves, policy }): Request => (world) => {
  const parentId = poolAt(world, pool);
  const carve = carves.map(({ family, bits, count }) => ({ family, prefixLength: lengthOf(family, bits), count }));
  return parentId === undefined ? undefined : { operation: 'createPool', input: { name: newName(), parentId, carve, policy } };
});

/** One prefix leaves, or is cut into its halves; and perhaps another comes. */
const resize = fc.record({ pool: pick, which: fc.nat(3), change: fc.constantFrom('leave', 'halve', 'stay'), more: fc.option(place, { nil: undefined }) }).map(({ pool, which, change, more }): Request => (world) => {
  const poolId = poolAt(world, pool);
  const prefixes = (world.pools.get(poolId ?? '')?.prefixes ?? []).map(formatPrefix);
  const one = nth(prefixes, which);
  if (poolId === undefined || one === undefined) return undefined;
  const whole = parsePrefix(one);
  const halves = whole.length === familyBits(whole.family) ? [one] : [0, 1].map((at) => inside(whole, { bits: 1, at }));
  const rest = change === 'stay' ? prefixes : [...prefixes.filter((text) => text !== one), ...(change === 'halve' ? halves : [])];
  const wanted = [...rest, ...(more === undefined ? [] : [prefixIn(world, world.pools.get(poolId)?.parentId ?? poolId, which, more)])];
  return wanted.length === 0 ? undefined : { operation: 'updatePool', input: { poolId, prefixes: wanted } };
});

const dropPool = pick.map((at): Request => (world) => ({ operation: 'deletePool', input: { poolId: poolAt(world, at) ?? nth(world.gone, at) ?? nowhere } }));

const region = fc.record({ allowed: fc.option(fc.array(place, { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 1 }), disallowed: fc.option(fc.array(place, { maxLength: 3 }), { nil: undefined, freq: 1 }) });
const wanted = (placement: fc.Arbitrary<(typeof placements)[number]>): fc.Arbitrary<(world: World, poolId: string) => object> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ family, bits: smallBits, placement: fc.option(placement, { nil: undefined }), region }).map(({ family, bits, placement, region: { allowed, disallowed } }) => () => ({
      family, prefixLength: lengthOf(family, bits), placement, allowedPrefixes: allowed?.map(prefixAt), disallowedPrefixes: disallowed?.map(prefixAt),
    })) },
    { weight: 2, arbitrary: fc.record({ place, which: fc.nat(3) }).map(({ place, which }) => (world: World, poolId: string) => ({ prefix: prefixIn(world, poolId, which, place) })) },
  );

const from = (world: World, pools: readonly number[]): { poolId: string; where: object } | undefined => {
  const ids = pools.flatMap((at) => poolAt(world, at) ?? []);
  const [poolId] = ids;
  return poolId === undefined ? undefined : { poolId, where: ids.length === 1 ? { poolId } : { poolSelector: { poolIds: [...new Set(ids)] } } };
};
const onePool = pick.map((at) => [at]);
/** One by its id, or several in an order. */
const somePools = fc.oneof({ arbitrary: onePool, weight: 3 }, { arbitrary: fc.array(pick, { minLength: 2, maxLength: 3 }), weight: 1 });

/** Who is to serve it: mostly nobody. */
const served = fc.record({ device: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(20) }), certify: fc.nat(7).map((one) => one === 7) });
const servedBy = (world: World, poolId: string | undefined, { device, certify }: { device: number | undefined; certify: boolean }): object => {
  const spaceId = world.pools.get(poolId ?? '')?.spaceId;
  const deviceId = device === undefined ? undefined : deviceAt(world, device, (one) => one.spaceId === spaceId && !one.parentCa);
  return { ...(deviceId === undefined ? {} : { deviceId }), ...(certify ? { certify } : {}) };
};

const allocate = (placement: fc.Arbitrary<(typeof placements)[number]>): fc.Arbitrary<Request> =>
  fc.record({ pools: somePools, holder, wanted: wanted(placement), served, lasts: fc.constantFrom(null, null, 2500) }).map(({ pools, holder, wanted, served, lasts }): Request => (world) => {
    const source = from(world, pools);
    if (source === undefined) return undefined;
    const validUntil = lasts === null ? undefined : new Date(world.clock + lasts * 1000).toISOString();
    // A choice by chance among several pools has no one promise.
    const asked: { placement?: string } = wanted(world, source.poolId);
    const want = 'poolSelector' in source.where && asked.placement === 'random' ? { ...asked, placement: 'sparse' } : asked;
    return { operation: 'allocatePrefix', input: { ...source.where, ...want, holder, service: 'internet', validUntil, ...servedBy(world, source.poolId, served) } };
  });

/** What is done for it later is not left to chance. */
const wait = fc.record({ seconds: fc.constantFrom(2500, 40_000), priority: fc.option(fc.nat(9), { nil: undefined }) });
const allocateOrWait = fc.record({ request: allocate(sure), wait }).map(({ request, wait }): Request => (world) => {
  const asked = request(world);
  return asked && { ...asked, input: { ...(asked.input as object), wait } };
});
/** For anything of a length: that is to be had again one day. */
const queueUp = fc.record({ pools: somePools, holder, family, bits: fc.integer({ min: 3, max: 7 }), served, wait }).map(({ pools, holder, family, bits, served, wait }): Request => (world) => {
  const source = from(world, pools);
  return source && { operation: 'allocatePrefix', input: { ...source.where, family, prefixLength: lengthOf(family, bits), holder, service: 'internet', ...servedBy(world, source.poolId, served), wait } };
});
const cancel = pick.map((at): Request => (world) => {
  const ids = [...world.waiting.keys()];
  return { operation: 'cancelWaitingRequest', input: { waitingRequestId: nth(ids.length === 0 || at > 15 ? [...world.waited.keys()] : ids, at) ?? nowhere } };
});

const hold = fc.record({ pools: somePools, holder, wanted: wanted(sure) }).map(({ pools, holder, wanted }): Request => (world) => {
  const source = from(world, pools);
  return source && { operation: 'createHold', input: { ...source.where, ...wanted(world, source.poolId), holder, seconds: 1500 } };
});
const holdAt = (world: World, at: number): string | undefined => takenAt(world, at, ({ state }) => state === 'reserved') ?? nth(world.gone, at);
const takeHeld = fc.record({ at: pick, holder, served }).map(({ at, holder, served }): Request => (world) => {
  const holdId = holdAt(world, at);
  return holdId === undefined ? undefined : { operation: 'allocatePrefix', input: { holdId, holder, service: 'internet', ...servedBy(world, world.taken.get(holdId)?.poolId, served) } };
});
const dropHold = pick.map((at): Request => (world) => ({ operation: 'deleteHold', input: { holdId: holdAt(world, at) ?? nowhere } }));

const ofAllocation = (operation: string, more: object = {}): fc.Arbitrary<Request> => pick.map((at) => (world) => ({ operation, input: { allocationId: allocationAt(world, at), ...more } }));
const change = fc.record({ at: pick, holder: fc.option(holder, { nil: undefined }), lasts: fc.constantFrom(undefined, null, -100, 2500) }).map(({ at, holder, lasts }): Request => (world) => ({
  operation: 'updateAllocation',
  input: { allocationId: allocationAt(world, at), holder, validUntil: lasts == null ? lasts : new Date(world.clock + lasts * 1000).toISOString() },
}));

/** Mostly a bit or two from what it is. */
const resizing = fc.record({ at: pick, by: fc.integer({ min: -2, max: 2 }) }).map(({ at, by }): Request => (world) => {
  const allocationId = allocationAt(world, at);
  const { length, family } = world.taken.get(allocationId)?.prefix ?? universe.ipv4;
  return { operation: 'resizeAllocation', input: { allocationId, prefixLength: Math.min(length + by, familyBits(family)) } };
});
const move = fc.record({ at: pick, pool: fc.nat(20), holder: fc.option(holder, { nil: undefined }), stays: fc.nat(5) }).map(({ at, pool, holder, stays }): Request => (world) => {
  const poolId = stays === 5 && holder !== undefined ? undefined : (poolAt(world, pool) ?? nowhere);
  return { operation: 'moveAllocation', input: { allocationId: allocationAt(world, at), ...(poolId === undefined ? {} : { poolId }), ...(holder === undefined ? {} : { holder }) } };
});
const split = fc.record({ pool: pick, parts: fc.array(fc.array(fc.record({ which: fc.nat(3), place }), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }) }).map(({ pool, parts }): Request => (world) => {
  const poolId = poolAt(world, pool);
  if (poolId === undefined) return undefined;
  return { operation: 'splitPool', input: { poolId, parts: parts.map((ones) => ({ name: newName(), prefixes: ones.map(({ which, place }) => prefixIn(world, poolId, which, { ...place, bits: Math.ceil(place.bits / 3) })) })) } };
});
/** Mostly siblings, which are rare among all. */
const merge = fc.record({ pool: pick, others: fc.array(fc.nat(20), { minLength: 1, maxLength: 2 }), any: fc.nat(4) }).map(({ pool, others, any }): Request => (world) => {
  const one = world.pools.get(poolAt(world, pool) ?? '');
  if (one === undefined) return undefined;
  const among = [...world.pools.values()].filter((other) => any === 0 || (other !== one && other.parentId === one.parentId && other.spaceId === one.spaceId)).map(({ id }) => id);
  const poolIds = [...new Set(others.flatMap((at) => nth(among, at) ?? []))];
  return poolIds.length === 0 ? undefined : { operation: 'mergePools', input: { poolId: one.id, poolIds } };
});

const limits = fc.record({
  ipv4Addresses: fc.constantFrom(undefined, null, '8', '40', '100'),
  ipv6Subnets: fc.constantFrom(undefined, null, '2', '5'),
  ipv4AddressesPerRequest: fc.constantFrom(undefined, undefined, null, '16'),
  ipv6SubnetsPerRequest: fc.constantFrom(undefined, undefined, null, '1', '2'),
});
const bound = fc.record({ holder, space: fc.option(fc.nat(1), { nil: undefined }), limits }).map(({ holder, space, limits }): Request => ({ spaceIds }) => ({
  operation: 'createQuota',
  input: { holder, spaceId: space === undefined ? null : spaceIds[space], ...limits },
}));
const quotaAt = (world: World, at: number): string => nth([...world.quotas.keys()], at) ?? nth(world.gone, at) ?? nowhere;
const rebound = fc.record({ at: pick, limits }).map(({ at, limits }): Request => (world) => {
  const named = Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
  return Object.keys(named).length === 0 ? undefined : { operation: 'updateQuota', input: { quotaId: quotaAt(world, at), ...named } };
});
const unbound = pick.map((at): Request => (world) => ({ operation: 'deleteQuota', input: { quotaId: quotaAt(world, at) } }));

const addDevice = fc.nat(1).map((space): Request => ({ spaceIds }) => ({ operation: 'createDevice', input: { name: newName(), spaceId: spaceIds[space], kind: 'bng', adapter: 'pull' } }));
const dropDevice = pick.map((at): Request => (world) => ({ operation: 'deleteDevice', input: { deviceId: deviceAt(world, at) ?? nowhere } }));

const several = (one: fc.Arbitrary<Request>, most: number, ask: (asked: Asked[], world: World) => Asked): fc.Arbitrary<Request> =>
  fc.array(one, { minLength: 1, maxLength: most }).map((requests) => (world) => {
    const asked = requests.flatMap((request) => request(world) ?? []);
    return asked.length === 0 ? undefined : ask(asked, world);
  });
const set = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 }).chain((counts) =>
  several(fc.oneof({ arbitrary: allocate(sure), weight: 4 }, { arbitrary: takeHeld, weight: 1 }), 4, (asked) => ({ operation: 'allocateSet', input: { items: asked.map(({ input }, at) => ({ count: counts[at], request: input })) } })),
);

const lessOften = fc.oneof({ weight: 1, arbitrary: root }, { weight: 2, arbitrary: child }, { weight: 2, arbitrary: carvedChild }, { weight: 2, arbitrary: resize }, { weight: 1, arbitrary: dropPool });
const inBatches = fc.oneof({ weight: 5, arbitrary: allocate(sure) }, { weight: 1, arbitrary: set }, { weight: 1, arbitrary: hold }, { weight: 1, arbitrary: takeHeld }, { weight: 1, arbitrary: dropHold }, { weight: 4, arbitrary: ofAllocation('releaseAllocation') }, { weight: 2, arbitrary: lessOften });
/** Whose quotas a batch may look at, it decides by what it names: who waits for the pool of a hold may be left to another turn. */
const isPlain = ({ waiting }: World, item: Asked): boolean => waiting.size === 0 || !JSON.stringify(item).includes('"holdId"') || item.operation === 'deleteHold';
const batch = fc.constantFrom('atomic', 'bestEffort').chain((mode) => several(inBatches, 8, (items, world) => ({ operation: 'runBatch', input: { mode, items: items.filter((item) => isPlain(world, item)) } })));

/** Of everything. */
export const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 8, arbitrary: allocate(fc.constantFrom(...placements)) },
  { weight: 3, arbitrary: allocateOrWait },
  { weight: 3, arbitrary: queueUp },
  { weight: 6, arbitrary: ofAllocation('releaseAllocation') },
  { weight: 5, arbitrary: lessOften },
  { weight: 2, arbitrary: set },
  { weight: 2, arbitrary: hold },
  { weight: 1, arbitrary: takeHeld },
  { weight: 1, arbitrary: dropHold },
  { weight: 3, arbitrary: batch },
  { weight: 1, arbitrary: ofAllocation('drainAllocation') },
  { weight: 1, arbitrary: ofAllocation('activateAllocation') },
  { weight: 1, arbitrary: ofAllocation('releaseQuarantine', { reason: 'wanted back' }) },
  { weight: 2, arbitrary: change },
  { weight: 3, arbitrary: resizing },
  { weight: 2, arbitrary: move },
  { weight: 2, arbitrary: split },
  { weight: 2, arbitrary: merge },
  { weight: 1, arbitrary: cancel },
  { weight: 2, arbitrary: bound },
  { weight: 1, arbitrary: rebound },
  { weight: 1, arbitrary: unbound },
  { weight: 1, arbitrary: addDevice },
  { weight: 1, arbitrary: dropDevice },
);

/** More of them than a small pool has room for. */
export const crowded: fc.Arbitrary<Request> = fc.oneof(
  { weight: 10, arbitrary: queueUp },
  { weight: 2, arbitrary: fc.oneof(allocate(sure), allocateOrWait) },
  { weight: 7, arbitrary: ofAllocation('releaseAllocation') },
  { weight: 1, arbitrary: fc.oneof(hold, dropHold, takeHeld, set, batch) },
  { weight: 1, arbitrary: fc.oneof(resizing, change, move, ofAllocation('releaseQuarantine', { reason: 'wanted back' })) },
  { weight: 1, arbitrary: fc.oneof(cancel, bound, rebound, unbound) },
  { weight: 1, arbitrary: fc.oneof(root, child, resize, split, merge, dropPool, dropDevice) },
);
