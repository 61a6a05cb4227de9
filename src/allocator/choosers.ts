/**
 * The placements: each picks a part of a free block, and the prefix inside it. What would be had next is kept in order, so that
 * a thousand asks of a kind cost hardly more than looking once. Pure; chance comes from outside.
 */
import type { Placement } from '../model/pool.js';
import { familyBits, prefixAround, prefixLast, prefixSize, type Prefix } from '../model/prefix.js';
import type { Part } from './region.js';

/** Uniform in [0, 1). */
export type Random = () => number;

export interface Choice {
  readonly part: Part;
  readonly prefix: Prefix;
}

export interface Chooser {
  add(part: Part): void;
  /** @param isFree false of parts that are not there any more: these are forgotten. */
  choose(isFree: (part: Part) => boolean, random: Random): Choice | undefined;
}

/** @param length of what is wanted; every part added holds one. */
export function chooserOf(placement: Placement, length: number): Chooser {
  if (placement === 'random') return new AnyPlace(length);
  const atEnd = placement === 'last';
  return new BestFirst(ranks[placement], ({ prefix }) => (atEnd ? prefixAround(prefix.family, prefixLast(prefix), length) : { ...prefix, length }));
}

/** The smaller the better, first by size and then by place. */
interface Rank {
  readonly size: number;
  readonly place: bigint;
}

const ranks: Readonly<Record<Exclude<Placement, 'random'>, (prefix: Prefix) => Rank>> = {
  /** The smallest block that fits, the lowest of those; from its start. */
  'best-fit': ({ length, first }) => ({ size: -length, place: first }),
  /** The lowest address. */
  first: ({ first }) => ({ size: 0, place: first }),
  /** The highest address. */
  last: ({ first }) => ({ size: 0, place: -first }),
  /** The start of the largest block: bisection, in the order of a mirrored binary counter (RFC 3531). */
  sparse: (prefix) => ({ size: prefix.length, place: mirrored(prefix) }),
};

interface Ranked extends Rank {
  readonly part: Part;
}

class BestFirst implements Chooser {
  /** The best is the last. */
  private readonly parts: Ranked[] = [];

  constructor(
    private readonly rank: (prefix: Prefix) => Rank,
    private readonly within: (part: Part) => Prefix,
  ) {}

  add(part: Part): void {
    const added = { ...this.rank(part.prefix), part };
    insert(this.parts, added, (one) => isBetter(one, added));
  }

  choose(isFree: (part: Part) => boolean): Choice | undefined {
    for (let best = this.parts.pop(); best !== undefined; best = this.parts.pop()) {
      if (isFree(best.part)) return { part: best.part, prefix: this.within(best.part) };
    }
    return undefined;
  }
}

/** Into a sorted list, before the first that `isBehind`: by bisection. */
function insert<T>(sorted: T[], added: T, isBehind: (one: T) => boolean): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(sorted[middle] as T)) high = middle;
    else low = middle + 1;
  }
  sorted.splice(low, 0, added);
}

function isBetter(a: Rank, b: Rank): boolean {
  return a.size === b.size ? a.place < b.place : a.size < b.size;
}

/** Any prefix of that length in the parts, each as likely as the other. */
class AnyPlace implements Chooser {
  /** The largest first: most of the places are in few of the parts. */
  private readonly parts: Part[] = [];
  /** For prefixes of that length, in all parts together. */
  private places = 0n;

  constructor(private readonly length: number) {}

  add(part: Part): void {
    insert(this.parts, part, (one) => one.prefix.length > part.prefix.length);
    this.places += this.placesIn(part);
  }

  choose(isFree: (part: Part) => boolean, random: Random): Choice | undefined {
    while (this.places > 0n) {
      let place = below(this.places, random);
      let at = 0;
      for (; place >= this.placesIn(this.parts[at] as Part); at += 1) place -= this.placesIn(this.parts[at] as Part);
      const [part] = this.parts.splice(at, 1) as [Part];
      this.places -= this.placesIn(part);
      const { family, first } = part.prefix;
      if (isFree(part)) return { part, prefix: { family, first: first + place * prefixSize({ family, first, length: this.length }), length: this.length } };
    }
    return undefined;
  }

  private placesIn({ prefix }: Part): bigint {
    return 1n << BigInt(this.length - prefix.length);
  }
}

/** The network bits read backwards. */
function mirrored({ family, first, length }: Prefix): bigint {
  const bits = first.toString(2).padStart(familyBits(family), '0').slice(0, length);
  return BigInt(`0b0${bits.split('').toReversed().join('')}`);
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
