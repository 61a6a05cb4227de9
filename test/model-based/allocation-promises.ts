/** What allocations and holds are promised from the day they are made to the day their space is free. */
import { familyBits, overlaps, type Prefix } from '../../src/model/prefix.js';
import { atRest } from './device-promises.js';
import type { Kept, Oracle, Promised } from './promise.js';
import { mayHave, unitsOf } from './quota-promises.js';
import { newest, type PoolThere, type Taken, type World } from './world.js';

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
export const isLeaving = ({ state }: Pick<Taken, 'state'>): boolean => state === 'withdrawing' || state === 'quarantined';
const inUse =
  (promise: OfAllocation): OfAllocation =>
  (id, taken, pool, world) =>
    isLeaving(taken) ? { refused: 'state-conflict' } : promise(id, taken, pool, world);
const becomes = (id: string, state: Taken['state'], change: Partial<Taken> = {}): Kept => ({ done: { id, state }, keep: (world) => world.change(id, { ...change, state }) });
/** Who serves it learns of this in its next revision. */
export const toldAnew = (told: Taken['byDevice']): Taken['byDevice'] => told && { ...told, revision: newest };

/** Of what a device uses only that one's word ends the drain. */
export const drainAllocation = allocation(
  inUse((id, { state, byDevice }) => {
    if (state === 'draining' || state === 'drained') return becomes(id, state);
    return byDevice === null ? becomes(id, 'drained') : becomes(id, 'draining', { byDevice: toldAnew(byDevice) });
  }),
);

export const activateAllocation = allocation(
  inUse((id, { state, byDevice, byParentCa }, _, world) => {
    if (state === 'provisioning' || state === 'active') return becomes(id, state);
    const certified = byParentCa === null || (byParentCa.revision ?? 0) <= (world.devices.get(byParentCa.deviceId)?.applied ?? 0);
    return becomes(id, byDevice === null && certified ? 'active' : 'provisioning', { byDevice: toldAnew(byDevice) });
  }),
);

interface Update {
  readonly allocationId: string;
  readonly holder?: string;
  readonly validUntil?: string | null;
}

export const updateAllocation: Oracle<Update> = (world, update) =>
  allocation(
    inUse((id, taken, { spaceId }) => {
      const { holder = taken.holder, validUntil } = update;
      const until = validUntil === undefined ? taken.until : validUntil === null ? null : Date.parse(validUntil);
      if (validUntil != null && (until ?? 0) <= world.clock) return { refused: 'invalid-request' };
      const { family, length } = taken.prefix;
      if (holder !== taken.holder && !mayHave(world, { holder, spaceId, family, units: unitsOf(family, length) })) return { refused: 'quota-exceeded' };
      return { done: { id, holder }, keep: (world) => world.change(id, { holder, until, byDevice: holder === taken.holder ? taken.byDevice : toldAnew(taken.byDevice) }) };
    }),
  )(world, update);

/** Who serves it lets go first: the device, or the parent CA where there is no device. */
export const releaseAllocation = allocation((id, taken, { quarantineSeconds }, world) => {
  const { byDevice, byParentCa } = taken;
  if (isLeaving(taken)) return becomes(id, taken.state);
  if (byDevice !== null) return becomes(id, 'withdrawing', { byDevice: toldAnew(byDevice), byParentCa: byParentCa && { ...byParentCa, revision: null } });
  if (byParentCa !== null) return becomes(id, 'withdrawing', { byParentCa: toldAnew(byParentCa) });
  if (quarantineSeconds === 0) return { done: { id, state: 'free' }, keep: (world) => world.free(id) };
  return becomes(id, 'quarantined', atRest(world, taken));
});

export const releaseQuarantine = allocation((id, { state }) => (state === 'quarantined' ? { done: { id, state: 'free' }, keep: (world) => world.free(id) } : { refused: 'state-conflict' }));

/** What the background work does once its time has come. */
export function timesUp(world: World): void {
  const due = ({ until }: Taken): boolean => until !== null && until <= world.clock;
  for (const [id, taken] of world.taken) {
    if (!due(taken) || taken.state === 'quarantined') continue;
    world.turn += 1;
    if (taken.state === 'reserved') world.free(id);
    else (releaseAllocation(world, { allocationId: id }) as Kept).keep(world, {});
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
