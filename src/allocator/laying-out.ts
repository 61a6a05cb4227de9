/** How free blocks lie once pool prefixes have been cut or joined: each in the new prefix around it, merged anew. Pure. */
import { formatPrefix, prefixAround, type Prefix } from '../model/prefix.js';
import { merge } from './merging.js';
import type { FreeBlock } from './free-block.js';

/**
 * @param free the free blocks in the old pool prefixes.
 * @param tiles the new pool prefixes, over the same addresses or over fewer.
 */
export function layOutFree(free: readonly Prefix[], tiles: readonly Prefix[]): FreeBlock[] {
  const blocks = new Set(free.map(formatPrefix));
  const around = new Set(tiles.map(formatPrefix));
  const inTiles = free.flatMap((prefix) => {
    const tile = covering(prefix, around);
    return tile === undefined ? [] : [{ prefix, poolPrefix: tile }];
  });
  // A tile smaller than a free block is wholly free.
  const whole = tiles.filter((tile) => !blocks.has(formatPrefix(tile)) && covering(tile, blocks) !== undefined).map((prefix) => ({ prefix, poolPrefix: formatPrefix(prefix) }));
  return merge([], [...inTiles, ...whole]).added;
}

/** The one of the set that the prefix lies in or is. */
function covering({ family, first, length }: Prefix, among: ReadonlySet<string>): string | undefined {
  for (let shorter = length; shorter >= 0; shorter -= 1) {
    const text = formatPrefix(prefixAround(family, first, shorter));
    if (among.has(text)) return text;
  }
  return undefined;
}
