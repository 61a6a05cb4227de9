/**
 * Chooses among free blocks and works out what is left: pure, so that its promises can be proved by properties. What is
 * taken, what remains of the consumed blocks and the blocks left alone always tile exactly what was free before.
 */
import type { Placement } from '../model/pool.js';
import { comparePrefixes, contains, familyBits, formatPrefix, subtract, type Family, type Prefix } from '../model/prefix.js';
import { chooserOf, type Chooser, type Random } from './choosers.js';
import type { FreeBlock } from './free-block.js';
import { partsOf, type Region } from './region.js';

export interface Ask {
  readonly family: Family;
  readonly length: number;
  /** Best fit unless said otherwise. */
  readonly placement?: Placement;
  /** Everywhere unless said otherwise. The placement is applied to what is free there, as though nothing else were. */
  readonly region?: Region;
}

export interface Placed {
  /** One entry an ask, in order; undefined where nothing fitted. */
  readonly taken: readonly (FreeBlock | undefined)[];
  readonly consumed: readonly FreeBlock[];
  readonly remainders: readonly FreeBlock[];
}

/** Asks of one kind are served from the same blocks in the same order. */
export function kindOf({ placement = 'best-fit', family, length, region }: Ask): string {
  return `${placement} ${family} ${length} ${region?.map(formatPrefix).join()}`;
}

export function placeByLength(free: readonly FreeBlock[], asks: readonly Ask[], random: Random = Math.random): Placed {
  const now = new Set(free);
  const kinds = new Map<string, { readonly ask: Ask; readonly chooser: Chooser }>();
  const offer = (block: FreeBlock, { ask, chooser }: { ask: Ask; chooser: Chooser }): void => {
    if (block.prefix.family === ask.family) for (const part of partsOf(block, ask.region, ask.length)) chooser.add(part);
  };
  const chooserFor = (ask: Ask): Chooser => {
    const key = kindOf(ask);
    const known = kinds.get(key);
    if (known !== undefined) return known.chooser;
    const kind = { ask, chooser: chooserOf(ask.placement ?? 'best-fit', ask.length) };
    for (const block of now) offer(block, kind);
    kinds.set(key, kind);
    return kind.chooser;
  };
  const taken = asks.map((ask) => {
    const choice = chooserFor(ask).choose(({ whole }) => now.has(whole), random);
    if (choice === undefined) return undefined;
    const { part, prefix } = choice;
    now.delete(part.whole);
    for (const rest of remaindersOf(part.whole, prefix)) {
      now.add(rest);
      for (const kind of kinds.values()) offer(rest, kind);
    }
    return { prefix, poolPrefix: part.poolPrefix };
  });
  return { taken, ...difference(free, now) };
}

/** Takes exact prefixes; each lies in one of the free blocks or is not to be had. */
export function placeExactly(free: readonly FreeBlock[], prefixes: readonly Prefix[]): Placed {
  const now = free.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
  const taken = prefixes.map((prefix) => {
    const at = lastNotAfter(now, prefix);
    const from = now[at];
    if (from === undefined || !contains(from.prefix, prefix)) return undefined;
    now.splice(at, 1, ...remaindersOf(from, prefix));
    return { prefix, poolPrefix: from.poolPrefix };
  });
  return { taken, ...difference(free, new Set(now)) };
}

/** Free blocks are disjoint: if one contains the prefix, it is the last that begins at or before it. */
function lastNotAfter(sorted: readonly FreeBlock[], { family, first }: Prefix): number {
  const start = { family, first, length: familyBits(family) };
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comparePrefixes((sorted[middle] as FreeBlock).prefix, start) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** In order. */
function remaindersOf(from: FreeBlock, taken: Prefix): FreeBlock[] {
  return subtract(from.prefix, taken).map((prefix) => ({ prefix, poolPrefix: from.poolPrefix }));
}

function difference(before: readonly FreeBlock[], now: ReadonlySet<FreeBlock>): Pick<Placed, 'consumed' | 'remainders'> {
  const known = new Set(before);
  return { consumed: before.filter((block) => !now.has(block)), remainders: [...now].filter((block) => !known.has(block)) };
}
