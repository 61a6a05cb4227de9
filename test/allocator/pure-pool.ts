/** A pool in memory out of the pure parts of the allocator, wired as free-space.ts wires them to the table. */
import { merge, possiblePartners } from '../../src/allocator/merging.js';
import type { Random } from '../../src/allocator/choosers.js';
import type { FreeBlock } from '../../src/allocator/free-block.js';
import { placeByLength, placeExactly, type Ask, type Placed } from '../../src/allocator/placement.js';
import { comparePrefixes, formatPrefix, type Prefix } from '../../src/model/prefix.js';

export class PurePool {
  private free: Map<string, FreeBlock>;

  constructor(poolPrefixes: readonly Prefix[]) {
    this.free = new Map(poolPrefixes.map((prefix) => [formatPrefix(prefix), { prefix, poolPrefix: formatPrefix(prefix) }]));
  }

  blocks(): Prefix[] {
    return [...this.free.values()].map((block) => block.prefix).sort(comparePrefixes);
  }

  takeByLength(asks: readonly Ask[], random?: Random): readonly (FreeBlock | undefined)[] {
    return this.write(placeByLength([...this.free.values()], asks, random));
  }

  takeExactly(prefixes: readonly Prefix[]): readonly (FreeBlock | undefined)[] {
    return this.write(placeExactly([...this.free.values()], prefixes));
  }

  giveBack(returned: readonly FreeBlock[]): void {
    const partners = possiblePartners(returned).flatMap((prefix) => this.free.get(formatPrefix(prefix)) ?? []);
    const { removed, added } = merge(partners, returned);
    this.write({ taken: [], consumed: removed, remainders: added });
  }

  private write({ taken, consumed, remainders }: Placed): Placed['taken'] {
    for (const { prefix } of consumed) {
      if (!this.free.delete(formatPrefix(prefix))) throw new Error(`${formatPrefix(prefix)} was consumed and was not there`);
    }
    for (const block of remainders) {
      if (this.free.has(formatPrefix(block.prefix))) throw new Error(`${formatPrefix(block.prefix)} remains twice`);
      this.free.set(formatPrefix(block.prefix), block);
    }
    return taken;
  }
}
