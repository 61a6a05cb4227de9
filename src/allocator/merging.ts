/** Buddy merging: what comes back joins its free other half, level by level, never beyond its pool prefix. Pure. */
import { buddy, formatPrefix, parentPrefix, parsePrefix, type Prefix } from '../model/prefix.js';
import type { FreeBlock } from './free-block.js';

/** The only blocks that could join the returned ones: the other half at each level up to the pool prefix. */
export function possiblePartners(returned: readonly FreeBlock[]): Prefix[] {
  const partners = new Map<string, Prefix>();
  for (const { prefix, poolPrefix } of returned) {
    const { length } = parsePrefix(poolPrefix);
    for (let at = prefix; at.length > length; at = parentPrefix(at)) {
      const other = buddy(at);
      partners.set(formatPrefix(other), other);
    }
  }
  return [...partners.values()];
}

/**
 * @param free those of the possible partners that are free.
 * @returns which of them go, and which blocks come in their and the returned ones' place.
 */
export function merge(free: readonly FreeBlock[], returned: readonly FreeBlock[]): { removed: FreeBlock[]; added: FreeBlock[] } {
  const before = new Set(free.map((block) => formatPrefix(block.prefix)));
  const now = new Map(free.map((block) => [formatPrefix(block.prefix), block]));
  for (const { prefix, poolPrefix } of returned) {
    const { length } = parsePrefix(poolPrefix);
    let at = prefix;
    for (; at.length > length; at = parentPrefix(at)) {
      if (!now.delete(formatPrefix(buddy(at)))) break;
    }
    now.set(formatPrefix(at), { prefix: at, poolPrefix });
  }
  return {
    removed: free.filter((block) => !now.has(formatPrefix(block.prefix))),
    added: [...now].filter(([text]) => !before.has(text)).map(([, block]) => block),
  };
}
