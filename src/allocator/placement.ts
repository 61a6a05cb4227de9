/**
 * Chooses among free blocks and works out what is left: pure, so that its promises can be proved by properties. What is
 * taken, what remains of the consumed blocks and the blocks left alone always tile exactly what was free before.
 */
import type { Placement } from '../model/pool.js';
import { contains, formatPrefix, subtract, type Family, type Prefix } from '../model/prefix.js';
import { choosers, type Random } from './choosers.js';
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

export function placeByLength(free: readonly FreeBlock[], asks: readonly Ask[], random: Random = Math.random): Placed {
  const now = new Map(free.map((block) => [formatPrefix(block.prefix), block]));
  const taken = asks.map((ask) => {
    const fitting = [...now.values()].filter(({ prefix }) => prefix.family === ask.family && prefix.length <= ask.length);
    const choose = choosers[ask.placement ?? 'best-fit'];
    if (ask.region === undefined) {
      const chosen = choose(fitting, ask.length, random);
      return chosen && take(now, chosen.block, chosen.prefix);
    }
    const chosen = choose(partsOf(fitting, ask.region, ask.length), ask.length, random);
    return chosen && take(now, chosen.block.whole, chosen.prefix);
  });
  return { taken, ...difference(free, now) };
}

/** Takes exact prefixes; each lies in one of the free blocks or is not to be had. */
export function placeExactly(free: readonly FreeBlock[], prefixes: readonly Prefix[]): Placed {
  const now = new Map(free.map((block) => [formatPrefix(block.prefix), block]));
  const taken = prefixes.map((prefix) => {
    const from = [...now.values()].find((block) => contains(block.prefix, prefix));
    return from === undefined ? undefined : take(now, from, prefix);
  });
  return { taken, ...difference(free, now) };
}

function take(now: Map<string, FreeBlock>, from: FreeBlock, prefix: Prefix): FreeBlock {
  now.delete(formatPrefix(from.prefix));
  for (const rest of subtract(from.prefix, prefix)) now.set(formatPrefix(rest), { prefix: rest, poolPrefix: from.poolPrefix });
  return { prefix, poolPrefix: from.poolPrefix };
}

function difference(before: readonly FreeBlock[], now: ReadonlyMap<string, FreeBlock>): Pick<Placed, 'consumed' | 'remainders'> {
  const known = new Set(before.map((block) => formatPrefix(block.prefix)));
  return {
    consumed: before.filter((block) => !now.has(formatPrefix(block.prefix))),
    remainders: [...now].filter(([text]) => !known.has(text)).map(([, block]) => block),
  };
}
