/** What arbitrary requests name: picked by number among what there is when they are made, so that they shrink well. */
import fc from 'fast-check';
import { placements } from '../../src/model/pool.js';
import { familyBits, formatPrefix, parsePrefix, prefixAround, prefixSize, type Family, type Prefix } from '../../src/model/prefix.js';
import type { Asked } from './promise.js';
import type { DeviceThere, Taken, World } from './world.js';

/** What is asked in this world; undefined when there is nothing to ask it of. */
export type Request = (world: World) => Asked | undefined;

/** All there is to plan with: 256 addresses of each family, in each space. */
export const universe: Readonly<Record<Family, Prefix>> = { ipv4: parsePrefix('45.64.0.0/24'), ipv6: parsePrefix('2a0e:b100::/120') };
export const nowhere = '0192f5f0-0000-7000-8000-0000000000ff';

export const family = fc.constantFrom<Family>('ipv4', 'ipv6');
/** Mostly the first few: sequences that come back to the same pools go deeper. */
export const pick = fc.oneof({ arbitrary: fc.nat(2), weight: 3 }, { arbitrary: fc.nat(20), weight: 1 });
export const holder = fc.constantFrom('retail', 'retail', 'business');
/** So many bits below the universe, and which of those: v4 and v6 alike. */
export const place = fc.record({ family, bits: fc.integer({ min: 1, max: 8 }), at: fc.nat(255) });
export const bits = fc.integer({ min: 2, max: 8 });
export const smallBits = fc.oneof({ arbitrary: fc.integer({ min: 4, max: 8 }), weight: 3 }, { arbitrary: bits, weight: 1 });
export const sure = fc.constantFrom(...placements.filter((one) => one !== 'random'));
export type Place = { family: Family; bits: number; at: number };
export const inside = (whole: Prefix, { bits, at }: Omit<Place, 'family'>): string => {
  const length = Math.min(whole.length + bits, familyBits(whole.family));
  const count = 2 ** (length - whole.length);
  return formatPrefix(prefixAround(whole.family, whole.first + BigInt(at % count) * prefixSize({ ...whole, length }), length));
};
export const prefixAt = (one: Place): string => inside(universe[one.family], one);
export const lengthOf = (family: Family, bits: number): number => universe[family].length + bits;

export const nth = <T>(all: readonly T[], at: number): T | undefined => all[at % Math.max(all.length, 1)];
export const poolAt = (world: World, at: number): string | undefined => nth([...world.pools.keys()], at);
export const takenAt = (world: World, at: number, which: (one: Taken) => boolean): string | undefined => nth([...world.taken].flatMap(([id, one]) => (which(one) ? [id] : [])), at);
/** Now and then something that is gone, or never was. */
export const allocationAt = (world: World, at: number): string => takenAt(world, at, ({ state }) => state !== 'reserved') ?? nth(world.gone, at) ?? nowhere;
/** Of the pool, or of anywhere. */
export const prefixIn = (world: World, poolId: string, which: number, one: Place): string => {
  const own = nth(world.pools.get(poolId)?.prefixes ?? [], which);
  return own === undefined || one.at % 7 === 6 ? prefixAt(one) : inside(own, one);
};

/** Mostly of the space. */
export const deviceAt = (world: World, at: number, which: (one: DeviceThere) => boolean = () => true): string | undefined =>
  nth([...world.devices].flatMap(([id, device]) => (at % 8 === 7 || which(device) ? [id] : [])), at);
