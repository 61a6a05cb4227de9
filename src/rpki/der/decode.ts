/** Content of primitive DER values as plain values; encodings DER does not allow are refused. */
import { malformed } from '../rpki-error.js';
import type { DerValue } from './read.js';
import { Tag } from './tags.js';

function contentOf(value: DerValue, tag: number, what: string): Buffer {
  if (value.tag !== tag) throw malformed(`DER: ${what} expected, tag 0x${value.tag.toString(16)} found`);
  return value.content;
}

export function decodeBoolean(value: DerValue): boolean {
  const content = contentOf(value, Tag.boolean, 'BOOLEAN');
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw malformed('DER: BOOLEAN is neither 00 nor FF');
  return content[0] === 0xff;
}

export function decodeInteger(value: DerValue): bigint {
  return integerContent(contentOf(value, Tag.integer, 'INTEGER'));
}

/** Two's complement, big-endian, of the fewest octets. */
export function integerContent(content: Buffer): bigint {
  const [first, second] = content;
  if (first === undefined) throw malformed('DER: INTEGER without content');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw malformed('DER: INTEGER is not minimal');
  }
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`));
}

export function decodeOid(value: DerValue): string {
  const content = contentOf(value, Tag.objectIdentifier, 'OBJECT IDENTIFIER');
  const arcs: number[] = [];
  let arc = 0;
  let started = false;
  for (const octet of content) {
    if (!started && octet === 0x80) throw malformed('DER: OBJECT IDENTIFIER arc is not minimal');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw malformed('DER: OBJECT IDENTIFIER arc is too large');
    started = octet >= 0x80;
    if (started) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else {
      arcs.push(arc);
    }
    arc = 0;
  }
  if (started || arcs.length === 0) throw malformed('DER: OBJECT IDENTIFIER is cut short');
  return arcs.join('.');
}

export interface Bits {
  /** Left-aligned; the unused bits at the end are zero. */
  readonly bytes: Buffer;
  /** How many bits count. */
  readonly length: number;
}

export function decodeBitString(value: DerValue): Bits {
  const content = contentOf(value, Tag.bitString, 'BIT STRING');
  const unused = content[0];
  if (unused === undefined || unused > 7 || (content.length === 1 && unused > 0)) throw malformed('DER: BIT STRING with impossible padding');
  const bytes = content.subarray(1);
  const last = bytes.at(-1) ?? 0;
  if ((last & ((1 << unused) - 1)) !== 0) throw malformed('DER: BIT STRING with padding bits set');
  return { bytes, length: bytes.length * 8 - unused };
}

export function decodeOctetString(value: DerValue): Buffer {
  return contentOf(value, Tag.octetString, 'OCTET STRING');
}

export function decodeNull(value: DerValue): void {
  if (contentOf(value, Tag.null, 'NULL').length !== 0) throw malformed('DER: NULL with content');
}

/** UTCTime or GeneralizedTime, whole seconds, Z (RFC 5280 §4.1.2.5). */
export function decodeTime(value: DerValue): Date {
  const text = value.content.toString('latin1');
  const utc = value.tag === Tag.utcTime;
  if (!utc && value.tag !== Tag.generalizedTime) throw malformed('DER: a time expected');
  const match = (utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(text);
  if (match === null) throw malformed('DER: a time that is not of the form [YY]YYMMDDhhmmssZ');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const fullYear = utc ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw malformed('DER: a time that does not exist');
  }
  return date;
}
