/** What both extensions of RFC 3779 share: a list of ranges, or the word that the issuer's are inherited. */
import { DerCursor } from '../der/cursor.js';
import { decodeNull } from '../der/decode.js';
import { encodeNull, encodeSequence } from '../der/encode.js';
import type { DerValue } from '../der/read.js';
import { Tag } from '../der/tags.js';
import { outsideProfile } from '../rpki-error.js';
import { rangeSet, type Range, type RangeSet } from './range-set.js';

/** What a certificate says of one type: the set, or that it has whatever its issuer has. */
export type HeldRanges = RangeSet | 'inherit';

export function encodeHeldRanges(held: HeldRanges, encodeRange: (range: Range) => Buffer): Buffer {
  return held === 'inherit' ? encodeNull() : encodeSequence(...held.map(encodeRange));
}

/** @throws RpkiError `malformed`, or `profile` for an empty list and for ranges that end before they begin */
export function decodeHeldRanges(value: DerValue, decodeRange: (value: DerValue) => Range): HeldRanges {
  if (value.tag === Tag.null) {
    decodeNull(value);
    return 'inherit';
  }
  const ranges: Range[] = [];
  const items = new DerCursor(value, 'resources');
  while (items.more()) {
    const range = decodeRange(items.next());
    if (range.first > range.last) throw outsideProfile('a range that ends before it begins');
    ranges.push(range);
  }
  if (ranges.length === 0) throw outsideProfile('a resource extension without resources');
  return rangeSet(ranges);
}
