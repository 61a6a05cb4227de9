/** Prefixes as sets of addresses, held against plain ranges of numbers and plain sets. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  aggregate, buddy, comparePrefixes, contains, coverRange, familyBits, formatPrefix, overlaps, parentPrefix, parsePrefix, prefixLast, prefixSize, samePrefix, subtract, type Prefix,
} from '../../src/model/prefix.js';
import { address, addressesOf, family, partOf, prefix, prefixOf, smallSpace } from './arbitraries.js';

const related = fc.oneof(fc.tuple(prefix, prefix), prefix.chain((one) => fc.tuple(fc.constant(one), partOf(one))), smallSpace.chain((space) => fc.tuple(partOf(space), partOf(space))));

test('contains and overlaps say of prefixes what is so of their ranges', () => {
  fc.assert(
    fc.property(related, ([a, b]) => {
      const same = a.family === b.family;
      expect(contains(a, b)).toBe(same && a.first <= b.first && prefixLast(b) <= prefixLast(a));
      expect(overlaps(a, b)).toBe(same && a.first <= prefixLast(b) && b.first <= prefixLast(a));
      expect(samePrefix(a, b)).toBe(formatPrefix(a) === formatPrefix(b));
    }),
    { numRuns: 1000 },
  );
});

test('the order is total: v4 first, then by address, the larger first', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(prefix, smallSpace.chain(partOf)), { maxLength: 20 }), (some) => {
      const sorted = some.toSorted(comparePrefixes);
      sorted.forEach((one, at) => {
        const next = sorted[at + 1];
        if (next === undefined) return;
        expect(comparePrefixes(one, next)).toBe(-Math.sign(comparePrefixes(next, one)) === 0 ? 0 : comparePrefixes(one, next));
        if (one.family === next.family) expect(one.first < next.first || (one.first === next.first && one.length <= next.length)).toBe(true);
        else expect([one.family, next.family]).toEqual(['ipv4', 'ipv6']);
      });
    }),
  );
});

test('buddies are the two halves of their parent', () => {
  fc.assert(
    fc.property(family.chain((of) => prefixOf(of, 1)), (one) => {
      const [low, high] = [one, buddy(one)].sort(comparePrefixes) as [Prefix, Prefix];
      const whole = parentPrefix(one);
      expect(buddy(buddy(one))).toEqual(one);
      expect([whole.first, prefixLast(whole)]).toEqual([low.first, prefixLast(high)]);
      expect(prefixLast(low) + 1n).toBe(high.first);
    }),
  );
  expect(() => buddy(parsePrefix('::/0'))).toThrow(RangeError);
});

test('a range is covered exactly, in order, by the fewest prefixes', () => {
  const range = family.chain((of) => fc.tuple(fc.constant(of), address(of), address(of)));
  fc.assert(
    fc.property(range, ([of, x, y]) => {
      const [first, last] = x <= y ? [x, y] : [y, x];
      const cover = coverRange(of, first, last);
      expect(cover[0]?.first).toBe(first);
      expect(prefixLast(cover.at(-1) as Prefix)).toBe(last);
      cover.slice(1).forEach((one, at) => expect(one.first).toBe(prefixLast(cover[at] as Prefix) + 1n));
      expect(cover).toHaveLength(fewest(of, first, last));
    }),
    { numRuns: 500 },
  );
});

/** The fewest blocks of any cover: a walk down from the whole space, counting the nodes that lie in the range. */
function fewest(of: 'ipv4' | 'ipv6', first: bigint, last: bigint): number {
  const count = (at: bigint, length: number): number => {
    const end = at + (1n << BigInt(familyBits(of) - length)) - 1n;
    if (end < first || at > last) return 0;
    if (first <= at && end <= last) return 1;
    return count(at, length + 1) + count(at + (1n << BigInt(familyBits(of) - length - 1)), length + 1);
  };
  return count(0n, 0);
}

test('an aggregate holds the same addresses in the fewest prefixes, whatever the order it was given in', () => {
  const some = smallSpace.chain((space) => fc.array(partOf(space), { maxLength: 16 }));
  fc.assert(
    fc.property(some, fc.infiniteStream(fc.nat()), (prefixes, random) => {
      const joined = aggregate(prefixes);
      expect(addressesOf(joined)).toEqual(addressesOf(prefixes));
      expect(joined).toEqual(runsOf(prefixes));
      const shuffled = prefixes.map((one) => ({ one, key: random.next().value as number })).sort((a, b) => a.key - b.key).map(({ one }) => one);
      expect(aggregate(shuffled)).toEqual(joined);
      expect(aggregate(joined)).toEqual(joined);
    }),
    { numRuns: 500 },
  );
});

/** The minimal cover of a set: each run of consecutive addresses on its own. */
function runsOf(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = [...addressesOf(prefixes)].sort((a, b) => (a < b ? -1 : 1));
  const runs: { first: bigint; last: bigint }[] = [];
  for (const value of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1n === value) run.last = value;
    else runs.push({ first: value, last: value });
  }
  return runs.flatMap(({ first, last }) => coverRange(prefixes[0]?.family ?? 'ipv4', first, last));
}

test('families do not mix in an aggregate', () => {
  expect(aggregate(['::/1', '128.0.0.0/1', '8000::/1', '0.0.0.0/1'].map(parsePrefix)).map(formatPrefix)).toEqual(['0.0.0.0/0', '::/0']);
});

test('what is left when a part is cut out tiles the rest, one block a level', () => {
  fc.assert(
    fc.property(prefix.chain((whole) => fc.tuple(fc.constant(whole), partOf(whole))), ([whole, taken]) => {
      const rest = subtract(whole, taken);
      const tiles = [...rest, taken].sort(comparePrefixes);
      expect(tiles[0]?.first).toBe(whole.first);
      tiles.slice(1).forEach((one, at) => expect(one.first).toBe(prefixLast(tiles[at] as Prefix) + 1n));
      expect(tiles.reduce((sum, one) => sum + prefixSize(one), 0n)).toBe(prefixSize(whole));
      expect(rest.map((one) => one.length).sort((a, b) => a - b)).toEqual(Array.from({ length: taken.length - whole.length }, (_, at) => whole.length + 1 + at));
    }),
    { numRuns: 500 },
  );
});
