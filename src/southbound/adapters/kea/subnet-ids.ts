/**
 * Subnet ids. Leases refer to them and outlive the subnet, so an id is never given to a second range: new ones only
 * grow, above everything we gave and everything seen on the server. A range that returns gets its own id back.
 */
import type { DocumentRange } from '../../../model/document.js';
import { Reject } from '../../adapter.js';

export interface SubnetIds {
  /** The highest id ever given or seen. */
  readonly highest: number;
  /** By rangeKey, for the ranges of the present document and those on their way out. */
  readonly byRange: Readonly<Record<string, number>>;
}

export const noSubnetIds: SubnetIds = { highest: 0, byRange: {} };

/** Kea's own limit: 2^32 - 1 is reserved. */
const lastSubnetId = 4_294_967_294;

/** A range that changes its prefix is another subnet. */
export function rangeKey(range: string, prefix: string): string {
  return `${range} ${prefix}`;
}

/** @param held every subnet on the server; `key` is null for those of others. @throws Reject when the ids are used up */
export function assignSubnetIds(known: SubnetIds, held: readonly { key: string | null; id: number }[], ranges: readonly DocumentRange[]): SubnetIds {
  const byRange: Record<string, number> = {};
  for (const { key, id } of held) if (key !== null) byRange[key] = id;
  const taken = new Set(held.map((at) => at.id));
  let highest = held.reduce((sum, at) => Math.max(sum, at.id), known.highest);
  for (const range of ranges) {
    const key = rangeKey(range.id, range.prefix);
    if (byRange[key] !== undefined) continue;
    const former = known.byRange[key];
    if (former !== undefined && !taken.has(former)) {
      byRange[key] = former;
      continue;
    }
    highest += 1;
    if (highest > lastSubnetId) throw new Reject('the server has no subnet id left above those in use');
    byRange[key] = highest;
  }
  return { highest, byRange };
}
