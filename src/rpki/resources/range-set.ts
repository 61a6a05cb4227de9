/**
 * Sets of numbers (addresses of one family, or AS numbers) as sorted, disjoint, non-adjacent ranges: the canonical
 * form of RFC 3779 §2.2.3.6, so that equal sets are equal arrays. Knows neither families nor text.
 */
export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

export type RangeSet = readonly Range[];

export const emptySet: RangeSet = [];

/** The canonical set of any ranges: sorted, overlapping and adjacent ones joined. */
export function rangeSet(ranges: Iterable<Range>): RangeSet {
  const joined: Range[] = [];
  for (const range of [...ranges].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const top = joined.at(-1);
    if (top !== undefined && range.first <= top.last + 1n) {
      joined[joined.length - 1] = { first: top.first, last: range.last > top.last ? range.last : top.last };
    } else {
      joined.push({ first: range.first, last: range.last });
    }
  }
  return joined;
}

export function unionOf(a: RangeSet, b: RangeSet): RangeSet {
  return rangeSet([...a, ...b]);
}

export function intersectionOf(a: RangeSet, b: RangeSet): RangeSet {
  const common: Range[] = [];
  for (let i = 0, j = 0; ; ) {
    const x = a[i];
    const y = b[j];
    if (x === undefined || y === undefined) return common;
    const first = x.first > y.first ? x.first : y.first;
    const last = x.last < y.last ? x.last : y.last;
    if (first <= last) common.push({ first, last });
    if (x.last < y.last) i += 1;
    else j += 1;
  }
}

/** What is in `a` and not in `b`. */
export function differenceOf(a: RangeSet, b: RangeSet): RangeSet {
  const rest: Range[] = [];
  let j = 0;
  for (const range of a) {
    let first = range.first;
    while (j < b.length && b[j]!.last < first) j += 1;
    for (let k = j; k < b.length && b[k]!.first <= range.last; k += 1) {
      if (b[k]!.first > first) rest.push({ first, last: b[k]!.first - 1n });
      first = b[k]!.last + 1n;
    }
    if (first <= range.last) rest.push({ first, last: range.last });
  }
  return rest;
}

export function containsSet(outer: RangeSet, inner: RangeSet): boolean {
  return differenceOf(inner, outer).length === 0;
}

export function equalSets(a: RangeSet, b: RangeSet): boolean {
  return a.length === b.length && a.every((range, i) => range.first === b[i]!.first && range.last === b[i]!.last);
}
