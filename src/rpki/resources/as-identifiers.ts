/** The AS number extension of RFC 3779 §3, as octets and back. Accepts only canonical forms, as address-blocks.ts does. */
import { DerCursor } from '../der/cursor.js';
import { decodeInteger } from '../der/decode.js';
import { encodeDer, encodeInteger, encodeSequence } from '../der/encode.js';
import { readDer, type DerValue } from '../der/read.js';
import { contextConstructed, Tag } from '../der/tags.js';
import { outsideProfile } from '../rpki-error.js';
import { decodeHeldRanges, encodeHeldRanges, type HeldRanges } from './held-ranges.js';
import type { Range } from './range-set.js';

/** ASIdentifiers with asnum only: RFC 6487 §4.8.11 forbids rdi. */
export function encodeAsIdentifiers(held: HeldRanges): Buffer {
  return encodeSequence(encodeDer(contextConstructed(0), encodeHeldRanges(held, encodeAsRange)));
}

/** @throws RpkiError `malformed` for bad DER, `profile` for rdi, empty or non-canonical sets */
export function decodeAsIdentifiers(der: Buffer): HeldRanges {
  const identifiers = new DerCursor(readDer(der), 'ASIdentifiers');
  const asnum = new DerCursor(identifiers.next(contextConstructed(0)), 'asnum', contextConstructed(0));
  const held = decodeHeldRanges(asnum.next(), decodeAsRange);
  asnum.end();
  identifiers.end();
  if (!encodeAsIdentifiers(held).equals(der)) throw outsideProfile('AS identifiers are not in canonical form');
  return held;
}

function encodeAsRange({ first, last }: Range): Buffer {
  return first === last ? encodeInteger(first) : encodeSequence(encodeInteger(first), encodeInteger(last));
}

function decodeAsRange(value: DerValue): Range {
  if (value.tag === Tag.integer) {
    const asn = decodeAsn(value);
    return { first: asn, last: asn };
  }
  const range = new DerCursor(value, 'ASRange');
  const first = decodeAsn(range.next());
  const last = decodeAsn(range.next());
  range.end();
  return { first, last };
}

function decodeAsn(value: DerValue): bigint {
  const asn = decodeInteger(value);
  if (asn < 0n || asn > 0xffffffffn) throw outsideProfile(`AS number ${asn} is not of 32 bits`);
  return asn;
}
