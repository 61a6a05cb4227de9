/** What properties of addresses draw from: every family and length, with the edges of the address space drawn often. */
import fc from 'fast-check';
import { familyBits, prefixAround, type Family, type Prefix } from '../../src/model/prefix.js';

export const family = fc.constantFrom<Family>('ipv4', 'ipv6');

/** All zeros and all ones are where arithmetic breaks, so they come up more often than chance would have it. */
export function address(of: Family): fc.Arbitrary<bigint> {
  const highest = (1n << BigInt(familyBits(of))) - 1n;
  const spread = fc.bigInt({ min: 0n, max: highest });
  const sparse = fc.integer({ min: 0, max: familyBits(of) - 1 }).map((bit) => 1n << BigInt(bit));
  return fc.oneof({ weight: 6, arbitrary: spread }, { weight: 2, arbitrary: sparse }, { weight: 1, arbitrary: fc.constantFrom(0n, 1n, highest - 1n, highest) });
}

export function prefixOf(of: Family, minLength = 0): fc.Arbitrary<Prefix> {
  return fc.tuple(address(of), fc.integer({ min: minLength, max: familyBits(of) })).map(([first, length]) => prefixAround(of, first, length));
}

export const prefix = family.chain((of) => prefixOf(of));

/** A small space, so that prefixes drawn from it often touch; as a whole and as one of its parts. */
export const smallSpace: fc.Arbitrary<Prefix> = fc.constantFrom<Prefix>(
  { family: 'ipv4', first: 0n, length: 26 },
  { family: 'ipv4', first: 0xffff_ffc0n, length: 26 },
  { family: 'ipv4', first: 0x0a00_0000n, length: 27 },
  { family: 'ipv6', first: 0n, length: 122 },
  { family: 'ipv6', first: (1n << 128n) - 64n, length: 122 },
  { family: 'ipv6', first: 0x2a0eb100n << 96n, length: 123 },
);

export function partOf({ family: of, first, length }: Prefix): fc.Arbitrary<Prefix> {
  const bits = familyBits(of);
  const size = 1n << BigInt(bits - length);
  return fc.tuple(fc.bigInt({ min: 0n, max: size - 1n }), fc.integer({ min: length, max: bits })).map(([offset, part]) => prefixAround(of, first + offset, part));
}

/** Every address of the prefixes, as numbers: only for small ones. */
export function addressesOf(prefixes: readonly Prefix[]): Set<bigint> {
  const addresses = new Set<bigint>();
  for (const one of prefixes) {
    const size = 1n << BigInt(familyBits(one.family) - one.length);
    for (let offset = 0n; offset < size; offset += 1n) addresses.add(one.first + offset);
  }
  return addresses;
}
