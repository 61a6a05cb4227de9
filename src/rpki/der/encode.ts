/** Writing DER (X.690 §10). Every function returns a complete value; composing them gives a complete structure. */
import { Tag } from './tags.js';

export function encodeDer(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets = Math.ceil(Math.log2(length + 1) / 8);
  const bytes = Buffer.alloc(octets + 1);
  bytes[0] = 0x80 | octets;
  bytes.writeUIntBE(length, 1, octets);
  return bytes;
}

export function encodeSequence(...members: readonly Uint8Array[]): Buffer {
  return encodeDer(Tag.sequence, ...members);
}

/** SET OF: DER wants the members in ascending order of their encodings. */
export function encodeSet(...members: readonly Uint8Array[]): Buffer {
  return encodeDer(Tag.set, ...members.toSorted((a, b) => Buffer.compare(a, b)));
}

export function encodeBoolean(value: boolean): Buffer {
  return encodeDer(Tag.boolean, Buffer.from([value ? 0xff : 0]));
}

/** @param value not negative: the RPKI has no negative integers. @throws RangeError */
export function encodeInteger(value: bigint | number): Buffer {
  if (value < 0) throw new RangeError('negative integers do not occur in the RPKI');
  const hex = BigInt(value).toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return encodeDer(Tag.integer, Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex'));
}

export function encodeOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  const octets = [root * 40 + second, ...arcs].flatMap((arc) => {
    const septets = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) septets.unshift((rest % 128) | 0x80);
    return septets;
  });
  return encodeDer(Tag.objectIdentifier, Buffer.from(octets));
}

export function encodeNull(): Buffer {
  return encodeDer(Tag.null);
}

/** @param unusedBits padding bits in the last octet, 0 to 7; they must be zero. */
export function encodeBitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return encodeDer(Tag.bitString, Buffer.from([unusedBits]), bytes);
}

export function encodeOctetString(bytes: Uint8Array): Buffer {
  return encodeDer(Tag.octetString, bytes);
}

export function encodePrintableString(text: string): Buffer {
  if (!/^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text)) throw new RangeError(`"${text}" is not a PrintableString`);
  return encodeDer(Tag.printableString, Buffer.from(text, 'latin1'));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5); fractions of a second are cut. */
export function encodeTime(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}Z`;
  const year = date.getUTCFullYear();
  const utc = year >= 1950 && year < 2050;
  return encodeDer(utc ? Tag.utcTime : Tag.generalizedTime, Buffer.from(utc ? digits.slice(2) : digits, 'latin1'));
}
