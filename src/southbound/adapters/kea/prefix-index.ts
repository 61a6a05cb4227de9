/** Finds out quickly what overlaps with a prefix among many that may lie within each other. */
import { comparePrefixes, formatPrefix, type Prefix, prefixAround, prefixLast } from '../../../model/prefix.js';

export class PrefixIndex<T extends { readonly prefix: Prefix }> {
  private readonly sorted: readonly T[];
  private readonly byText: ReadonlyMap<string, T>;
  private readonly lengths: readonly number[];

  /** @param members all of one family */
  constructor(members: readonly T[]) {
    this.sorted = members.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix));
    this.byText = new Map(members.map((member) => [formatPrefix(member.prefix), member]));
    this.lengths = [...new Set(members.map((member) => member.prefix.length))].sort((a, b) => a - b);
  }

  /** One that contains the prefix or lies in it. */
  overlapping(prefix: Prefix): T | undefined {
    for (const length of this.lengths) {
      if (length > prefix.length) break;
      const around = this.byText.get(formatPrefix(prefixAround(prefix.family, prefix.first, length)));
      if (around !== undefined) return around;
    }
    const next = this.sorted[this.countBelow(prefix.first)];
    return next !== undefined && next.prefix.first <= prefixLast(prefix) ? next : undefined;
  }

  private countBelow(first: bigint): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle]?.prefix.first ?? first) < first) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
