/** The oracle: a small space as a plain set of free addresses. Knows nothing of blocks; finds them by looking. */
import { comparePrefixes, coverRange, familyBits, prefixLast, type Prefix } from '../../src/model/prefix.js';

export class NaiveSpace {
  private readonly free = new Set<bigint>();

  constructor(readonly poolPrefixes: readonly Prefix[]) {
    for (const one of poolPrefixes) this.giveBack(one);
  }

  isFree(prefix: Prefix): boolean {
    return addressesOf(prefix).every((address) => this.free.has(address));
  }

  take(prefix: Prefix): void {
    for (const address of addressesOf(prefix)) {
      if (!this.free.delete(address)) throw new Error('the allocator handed out what was not free');
    }
  }

  giveBack(prefix: Prefix): void {
    for (const address of addressesOf(prefix)) this.free.add(address);
  }

  /** The maximal free blocks, each inside one pool prefix, in address order: what the allocator should have stored. */
  blocks(): Prefix[] {
    return this.poolPrefixes.toSorted(comparePrefixes).flatMap((whole) => {
      const blocks: Prefix[] = [];
      let start: bigint | undefined;
      for (let at = whole.first; at <= prefixLast(whole) + 1n; at += 1n) {
        const free = at <= prefixLast(whole) && this.free.has(at);
        if (free) start ??= at;
        else if (start !== undefined) {
          blocks.push(...coverRange(whole.family, start, at - 1n));
          start = undefined;
        }
      }
      return blocks;
    });
  }

  /** What best fit means: the start of the smallest free block that is long enough, the lowest of those. */
  bestFit(family: Prefix['family'], length: number): Prefix | undefined {
    const fitting = this.blocks().filter((block) => block.family === family && block.length <= length);
    const [best] = fitting.sort((a, b) => b.length - a.length || comparePrefixes(a, b));
    return best && { family, first: best.first, length };
  }
}

function addressesOf(prefix: Prefix): bigint[] {
  return Array.from({ length: 2 ** (familyBits(prefix.family) - prefix.length) }, (_, offset) => prefix.first + BigInt(offset));
}
