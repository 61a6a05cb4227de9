/** What requests for one pool in one breath are promised: what holds keep, then exact prefixes, then what is left, each in order. */
import type { AllocationRequest } from '../../src/model/allocation.js';
import { contains, familyBits, formatPrefix, overlaps, parsePrefix, prefixLast, type Prefix } from '../../src/model/prefix.js';
import { NaiveSpace } from '../allocator/naive-space.js';
import { isRefused, type Kept, type Promised, type Refused } from './promise.js';
import { mayHave, unitsOf, type Charge } from './quota-promises.js';
import { liesIn, newest, type PoolThere, type Taken, type World } from './world.js';

export type Request = Omit<AllocationRequest, 'service'>;

/** What one request was promised so far. */
export type Call = Charge[];

export interface Manner {
  /** A hold, instead of an allocation. */
  readonly reserve?: boolean;
  /** Requests that are one, and count together; otherwise each is for itself. */
  readonly call?: Call;
  /** What a request must leave to another who waits. */
  readonly spared?: (request: Request) => Prefix | null;
}

export function serve(world: World, poolId: string, requests: readonly Request[], { reserve = false, call, spared = () => null }: Manner = {}): Promised[] {
  const pool = world.pools.get(poolId);
  if (pool === undefined) return requests.map(() => ({ refused: 'pool-not-found' }));
  const room = world.room(pool);
  const promised: Promised[] = [];
  const claimed = new Set<string>();
  const calls = requests.map((): Call => call ?? []);
  const breath: Charge[] = [];
  let round: number[] = [];
  for (const [at, request] of requests.entries()) {
    const settled = unfit(world, pool, request, spared(request)) ?? takeHold(world, claimed, request);
    if (settled === undefined) round.push(at);
    else promised[at] = settled;
  }
  // What one was promised in vain, another of the same holder may have after all.
  while (round.length > 0) {
    const charges = new Map(round.map((at) => [at, chargeOf(pool, requests[at] as Request)]));
    const may = round.filter((at) => {
      const charge = charges.get(at) as Charge;
      if (!mayHave(world, charge, breath, calls[at])) return false;
      breath.push(charge);
      calls[at]?.push(charge);
      return true;
    });
    for (const at of round) promised[at] = { refused: 'quota-exceeded' };
    const exact = (at: number): boolean => requests[at]?.prefix !== undefined;
    for (const at of [...may.filter(exact), ...may.filter((one) => !exact(one))]) promised[at] = take(pool, room, requests[at] as Request, { reserve, spared, world });
    const vain = may.filter((at) => isRefused(promised[at] as Promised));
    for (const at of vain) for (const charged of [breath, calls[at] ?? []]) charged.splice(charged.indexOf(charges.get(at) as Charge), 1);
    const holders = new Set(vain.map((at) => requests[at]?.holder));
    round = round.filter((at) => !may.includes(at) && holders.has(requests[at]?.holder));
  }
  return promised;
}

function chargeOf({ spaceId }: PoolThere, { holder, prefix, family = 'ipv4', prefixLength = 0 }: Request): Charge {
  const wanted = prefix === undefined ? { family, length: prefixLength } : parsePrefix(prefix);
  return { holder, spaceId, family: wanted.family, units: unitsOf(wanted.family, wanted.length) };
}

/** What is wrong with a request, whatever is free. */
function unfit(world: World, { spaceId }: PoolThere, { validUntil, prefix, certify, deviceId }: Request, spared: Prefix | null): Refused | undefined {
  if (validUntil !== undefined && Date.parse(validUntil) <= world.clock) return { refused: 'invalid-request' };
  if (prefix !== undefined && spared !== null && overlaps(parsePrefix(prefix), spared)) return { refused: 'prefix-not-free' };
  if (certify === true && parentCaOf(world, spaceId) === null) return { refused: 'certification-refused' };
  if (deviceId === undefined) return undefined;
  const device = world.devices.get(deviceId);
  if (device === undefined) return { refused: 'device-not-found' };
  return device.parentCa || device.spaceId !== spaceId ? { refused: 'device-unsuitable' } : undefined;
}

function parentCaOf(world: World, spaceId: string): string | null {
  return [...world.devices].find(([, device]) => device.parentCa && device.spaceId === spaceId)?.[0] ?? null;
}

function takeHold(world: World, claimed: Set<string>, request: Request): Promised | undefined {
  const { holdId, holder } = request;
  if (holdId === undefined) return undefined;
  const held = world.taken.get(holdId);
  if (held?.state !== 'reserved') return { refused: 'hold-not-found' };
  if (held.holder !== holder) return { refused: 'invalid-request' };
  if ((held.until ?? 0) <= world.clock) return { refused: 'hold-expired' };
  // It is good for one request; who may not have it at all is told that first.
  if (claimed.has(holdId)) return { refused: 'hold-not-found' };
  claimed.add(holdId);
  const pool = world.pools.get(held.poolId) as PoolThere;
  const promised = taking(pool, held.prefix, request, { world, reserve: false });
  return { ...promised, done: { ...(promised.done as object), id: holdId } };
}

interface Where {
  readonly world: World;
  readonly reserve: boolean;
}

function take(pool: PoolThere, room: NaiveSpace, request: Request, { spared, ...where }: Where & Required<Pick<Manner, 'spared'>>): Promised {
  if (request.prefix !== undefined) {
    const exact = parsePrefix(request.prefix);
    if (!liesIn(pool.prefixes, exact)) return { refused: 'prefix-outside-pool' };
    if (!room.isFree(exact)) return { refused: 'prefix-not-free' };
    room.take(exact);
    return taking(pool, exact, request, where);
  }
  const placement = request.placement ?? pool.placement;
  const part = allowedPart(room, request, spared(request));
  if (placement === 'random') return chance(pool, part, request, where);
  const chosen = part.choose(placement, request.family ?? 'ipv4', request.prefixLength ?? 0);
  if (chosen === undefined) return { refused: 'pool-exhausted' };
  room.take(chosen);
  return taking(pool, chosen, request, where);
}

/** The room as it would be if what the request excludes were taken. */
function allowedPart(room: NaiveSpace, { allowedPrefixes, disallowedPrefixes = [] }: Request, spared: Prefix | null): NaiveSpace {
  const disallowed = [...disallowedPrefixes.map(parsePrefix), ...(spared === null ? [] : [spared])];
  if (allowedPrefixes === undefined && disallowed.length === 0) return room;
  const allowed = allowedPrefixes?.map(parsePrefix);
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
function chance(pool: PoolThere, part: NaiveSpace, request: Request, where: Where): Promised {
  const [family, length] = [request.family ?? 'ipv4', request.prefixLength ?? 0];
  if (!part.hasRoom(family, length)) return { refused: 'pool-exhausted' };
  const prefixOf = (done: unknown): Prefix => parsePrefix((done as { prefix: string }).prefix);
  return {
    done: { poolId: pool.id, family },
    fault: (done) => (prefixOf(done).length === length && part.isFree(prefixOf(done)) ? undefined : `${formatPrefix(prefixOf(done))} was not to be had`),
    keep: (world, done) => taking(pool, prefixOf(done), request, where).keep(world, done),
  };
}

/** It is in use once those who serve it have confirmed that. */
function taking(pool: PoolThere, prefix: Prefix, { holder, validUntil, deviceId, certify }: Request, { world, reserve }: Where): Kept {
  const until = validUntil === undefined ? null : Date.parse(validUntil);
  const told = (id: string | null | undefined): Taken['byDevice'] => (id == null ? null : { deviceId: id, revision: newest });
  const served = { byDevice: told(deviceId), byParentCa: told(certify === true ? parentCaOf(world, pool.spaceId) : null) };
  const state = reserve ? 'reserved' : served.byDevice === null && served.byParentCa === null ? 'active' : 'provisioning';
  return {
    // A hold is answered without its state.
    done: { poolId: pool.id, prefix: formatPrefix(prefix), family: prefix.family, ...(reserve ? {} : { state }) },
    keep: (world, done) => void world.taken.set((done as { id: string }).id, { poolId: pool.id, prefix, holder, state, until, restsSince: 0, ...served }),
  };
}
