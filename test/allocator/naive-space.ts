/** The oracle: a small space as a plain set of free addresses. Knows nothing of blocks; finds them by looking. */
import type { Placement } from '../../src/model/pool.js';
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

  /** Whether a prefix of that length is to be had at all. */
  hasRoom(family: Prefix['family'], length: number): boolean {
    return this.fitting(family, length).length > 0;
  }

  /** What each placement that leaves nothing to chance promises. */
  choose(placement: Exclude<Placement, 'random'>, family: Prefix['family'], length: number): Prefix | undefined {
    const blocks = this.fitting(family, length);
    const [block] = blocks.sort(
      {
        'best-fit': (a: Prefix, b: Prefix) => b.length - a.length || comparePrefixes(a, b),
        first: comparePrefixes,
        last: (a: Prefix, b: Prefix) => comparePrefixes(b, a),
        sparse: (a: Prefix, b: Prefix) => a.length - b.length || (backwards(a) < backwards(b) ? -1 : 1),
      }[placement],
    );
    if (block === undefined) return undefined;
    const size = 1n << BigInt(familyBits(family) - length);
    return { family, first: placement === 'last' ? prefixLast(block) + 1n - size : block.first, length };
  }

  private fitting(family: Prefix['family'], length: number): Prefix[] {
    return this.blocks().filter((block) => block.family === family && block.length <= length);
  }
}

/** The network bits as text, the last first: the mirror of binary counting (RFC 3531). */
function backwards({ family, first, length }: Prefix): string {
  return first.toString(2).padStart(familyBits(family), '0').slice(0, length).split('').reverse().join('');
}

function addressesOf(prefix: Prefix): bigint[] {
  return Array.from({ length: 2 ** (familyBits(prefix.family) - prefix.length) }, (_, offset) => prefix.first + BigInt(offset));
}
