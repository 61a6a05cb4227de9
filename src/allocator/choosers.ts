/** The placements: each picks a block among those that fit, and the prefix inside it. Pure; chance comes from outside. */
import type { Placement } from '../model/pool.js';
import { familyBits, prefixAround, prefixLast, prefixSize, type Prefix } from '../model/prefix.js';
import type { FreeBlock } from './free-block.js';

/** Uniform in [0, 1). */
export type Random = () => number;

export interface Choice<Block extends FreeBlock> {
  readonly block: Block;
  readonly prefix: Prefix;
}

type Chooser = <Block extends FreeBlock>(fitting: readonly Block[], length: number, random: Random) => Choice<Block> | undefined;

export const choosers: Readonly<Record<Placement, Chooser>> = {
  /** The smallest block that fits, the lowest of those; from its start. */
  'best-fit': (fitting, length) => atStart(least(fitting, (a, b) => b.prefix.length - a.prefix.length || byAddress(a, b)), length),
  /** The lowest address. */
  first: (fitting, length) => atStart(least(fitting, byAddress), length),
  /** The highest address. */
  last: (fitting, length) => {
    const block = least(fitting, (a, b) => byAddress(b, a));
    return block && { block, prefix: prefixAround(block.prefix.family, prefixLast(block.prefix), length) };
  },
  /** The start of the largest block: bisection, in the order of a mirrored binary counter (RFC 3531). */
  sparse: (fitting, length) => atStart(least(fitting, (a, b) => a.prefix.length - b.prefix.length || compare(mirrored(a.prefix), mirrored(b.prefix))), length),
  /** Any prefix of that length in the blocks, each as likely as the other. */
  random: (fitting, length, random) => {
    const total = fitting.reduce((sum, { prefix }) => sum + places(prefix, length), 0n);
    let at = below(total, random);
    for (const block of fitting) {
      const here = places(block.prefix, length);
      if (at < here) {
        const { family, first } = block.prefix;
        return { block, prefix: { family, first: first + at * prefixSize({ family, first, length }), length } };
      }
      at -= here;
    }
    return undefined;
  },
};

function atStart<Block extends FreeBlock>(block: Block | undefined, length: number): Choice<Block> | undefined {
  return block && { block, prefix: { ...block.prefix, length } };
}

function least<Block extends FreeBlock>(blocks: readonly Block[], order: (a: FreeBlock, b: FreeBlock) => number): Block | undefined {
  return blocks.reduce<Block | undefined>((best, block) => (best === undefined || order(block, best) < 0 ? block : best), undefined);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byAddress(a: FreeBlock, b: FreeBlock): number {
  return compare(a.prefix.first, b.prefix.first);
}

/** The network bits read backwards. */
function mirrored({ family, first, length }: Prefix): bigint {
  let rest = first >> BigInt(familyBits(family) - length);
  let result = 0n;
  for (let bit = 0; bit < length; bit += 1, rest >>= 1n) result = (result << 1n) | (rest & 1n);
  return result;
}

/** How many prefixes of that length the block holds. */
function places(block: Prefix, length: number): bigint {
  return 1n << BigInt(length - block.length);
}

/** Uniform below a bound that may be far beyond 2^53: built from 24 random bits at a time, the excess thrown away. */
function below(bound: bigint, random: Random): bigint {
  if (bound <= 1n) return 0n;
  const bits = (bound - 1n).toString(2).length;
  for (;;) {
    let value = 0n;
    for (let have = 0; have < bits; have += 24) value = (value << 24n) | BigInt(Math.floor(random() * 0x1000000));
    value &= (1n << BigInt(bits)) - 1n;
    if (value < bound) return value;
  }
}
