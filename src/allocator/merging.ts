/** Buddy merging: what comes back joins its free other half, level by level, never beyond its pool prefix. Pure. */
import { buddy, parentPrefix, parsePrefix, type Prefix } from '../model/prefix.js';
import type { FreeBlock } from './free-block.js';

/** Tells prefixes apart, a good deal faster than their text would. */
function keyOf({ family, first, length }: Prefix): string {
  return `${family} ${length} ${first.toString(36)}`;
}

/** The only blocks that could join the returned ones: the other half at each level up to the pool prefix. */
export function possiblePartners(returned: readonly FreeBlock[]): Prefix[] {
  const seen = new Set<string>();
  const partners = new Map<string, Prefix>();
  for (const { prefix, poolPrefix } of returned) {
    const { length } = parsePrefix(poolPrefix);
    // Where another has come by, it has seen all that is above.
    for (let at = prefix; at.length > length && !seen.has(keyOf(at)); at = parentPrefix(at)) {
      seen.add(keyOf(at));
      partners.set(keyOf(buddy(at)), buddy(at));
    }
  }
  return [...partners.values()];
}

/**
 * @param free those of the possible partners that are free.
 * @returns which of them go, and which blocks come in their and the returned ones' place.
 */
export function merge(free: readonly FreeBlock[], returned: readonly FreeBlock[]): { removed: FreeBlock[]; added: FreeBlock[] } {
  const before = new Set(free.map((block) => keyOf(block.prefix)));
  const now = new Map(free.map((block) => [keyOf(block.prefix), block]));
  for (const { prefix, poolPrefix } of returned) {
    const { length } = parsePrefix(poolPrefix);
    let at = prefix;
    for (; at.length > length; at = parentPrefix(at)) {
      if (!now.delete(keyOf(buddy(at)))) break;
    }
    now.set(keyOf(at), { prefix: at, poolPrefix });
  }
  return {
    removed: free.filter((block) => !now.has(keyOf(block.prefix))),
    added: [...now].filter(([text]) => !before.has(text)).map(([, block]) => block),
  };
}
