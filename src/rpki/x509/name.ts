/**
 * Distinguished names as the RPKI writes them: one common name (RFC 6487 §4.4). Names are compared as octets and
 * never interpreted: in the RPKI a name means nothing beyond itself.
 */
import { DerCursor } from '../der/cursor.js';
import { decodeOid } from '../der/decode.js';
import { encodeOid, encodePrintableString, encodeSequence, encodeSet } from '../der/encode.js';
import type { DerValue } from '../der/read.js';
import { readDer } from '../der/read.js';
import { Tag } from '../der/tags.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';

export function commonName(text: string): Buffer {
  return encodeSequence(encodeSet(encodeSequence(encodeOid(Oid.commonName), encodePrintableString(text))));
}

/** The name of a key: its SKI in upper-case hex, the custom of the RPKI. */
export function nameOfKey(ski: Buffer): Buffer {
  return commonName(ski.toString('hex').toUpperCase());
}

/** @throws RpkiError `profile` unless it is one CN as PrintableString and at most one serialNumber (RFC 6487 §4.4) */
export function requireResourceName(name: Buffer, what: string): void {
  const seen: string[] = [];
  const sets = new DerCursor(readDer(name), what);
  while (sets.more()) {
    const set = new DerCursor(sets.next(), what, Tag.set);
    while (set.more()) seen.push(attributeType(set.next(), what));
  }
  const known = seen.every((oid) => oid === Oid.commonName || oid === Oid.serialNumber);
  if (!known || new Set(seen).size !== seen.length || !seen.includes(Oid.commonName)) {
    throw outsideProfile(`${what}: not one common name with at most one serial number`);
  }
}

function attributeType(value: DerValue, what: string): string {
  const members = new DerCursor(value, what);
  const oid = decodeOid(members.next());
  const text = members.next();
  members.end();
  if (text.tag !== Tag.printableString) throw outsideProfile(`${what}: not a PrintableString`);
  return oid;
}
