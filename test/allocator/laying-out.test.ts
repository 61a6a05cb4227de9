import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layOutFree } from '../../src/allocator/laying-out.js';
import { aggregate, comparePrefixes, formatPrefix, parsePrefix, subtract, type Prefix } from '../../src/model/prefix.js';
import { NaiveSpace } from './naive-space.js';

const texts = (prefixes: readonly string[]): Prefix[] => prefixes.map(parsePrefix);
const laidOut = (free: readonly string[], tiles: readonly string[]): string[] => layOutFree(texts(free), texts(tiles)).map(({ prefix, poolPrefix }) => `${formatPrefix(prefix)} in ${poolPrefix}`).sort();

test('a cut goes through free blocks, and a join merges them', () => {
  expect(laidOut(['45.96.0.0/24'], ['45.96.0.0/25', '45.96.0.128/25'])).toEqual(['45.96.0.0/25 in 45.96.0.0/25', '45.96.0.128/25 in 45.96.0.128/25']);
  expect(laidOut(['45.96.0.0/25', '45.96.0.128/26'], ['45.96.0.0/24'])).toEqual(['45.96.0.0/25 in 45.96.0.0/24', '45.96.0.128/26 in 45.96.0.0/24']);
  expect(laidOut(['45.96.0.0/25', '45.96.0.128/25'], ['45.96.0.0/24'])).toEqual(['45.96.0.0/24 in 45.96.0.0/24']);
  expect(laidOut(['2a0e:b100::/32'], ['2a0e:b100::/33', '2a0e:b100:8000::/34', '2a0e:b100:c000::/34'])).toHaveLength(3);
});

/** All of 45.96.0.0/24 in pieces, by halving at random. */
const pieces = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }).map((coins) => {
  let at = 0;
  const cut = (prefix: Prefix): Prefix[] => {
    if (prefix.length === 29 || coins[at++ % coins.length] === true) return [prefix];
    const half = { ...prefix, length: prefix.length + 1 };
    return [half, ...subtract(prefix, half)].flatMap(cut);
  };
  return cut(parsePrefix('45.96.0.0/24'));
});

test('whatever is laid out anew, the same addresses are free, in the largest blocks that their tiles have room for', () => {
  fc.assert(
    fc.property(pieces, pieces, fc.infiniteStream(fc.boolean()), (tiles, uses, coins) => {
      const free = uses.filter(() => coins.next().value);
      const oracle = new NaiveSpace(tiles);
      for (const used of uses.filter((one) => !free.includes(one))) oracle.take(used);
      const laid = layOutFree(aggregate(free), tiles).map((block) => block.prefix).sort(comparePrefixes);
      expect(laid.map(formatPrefix)).toEqual(oracle.blocks().map(formatPrefix));
    }),
  );
});
