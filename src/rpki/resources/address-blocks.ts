/**
 * The IP address extension of RFC 3779 §2, as octets and back. Reading accepts only what writing would produce from the
 * same sets, so every non-canonical form is refused by one comparison.
 */
import { familyBits, type Family } from '../../model/prefix.js';
import { DerCursor } from '../der/cursor.js';
import { decodeBitString, decodeOctetString, type Bits } from '../der/decode.js';
import { encodeBitString, encodeOctetString, encodeSequence } from '../der/encode.js';
import { readDer, type DerValue } from '../der/read.js';
import { Tag } from '../der/tags.js';
import { malformed, outsideProfile } from '../rpki-error.js';
import { decodeHeldRanges, encodeHeldRanges, type HeldRanges } from './held-ranges.js';
import type { Range } from './range-set.js';

/** A family that is absent holds nothing. */
export type HeldAddresses = Readonly<Partial<Record<Family, HeldRanges>>>;

const families: readonly Family[] = ['ipv4', 'ipv6'];

/** IPAddrBlocks (RFC 3779 §2.2.3). Empty families are left out. */
export function encodeAddressBlocks(held: HeldAddresses): Buffer {
  const blocks = families.flatMap((family, index) => {
    const ranges = held[family];
    if (ranges === undefined || ranges.length === 0) return [];
    const choice = encodeHeldRanges(ranges, (range) => encodeAddressRange(family, range));
    return [encodeSequence(encodeOctetString(Buffer.from([0, index + 1])), choice)];
  });
  return encodeSequence(...blocks);
}

/** @throws RpkiError `malformed` for bad DER, `profile` for SAFI, empty or non-canonical sets (RFC 6487 §4.8.10) */
export function decodeAddressBlocks(der: Buffer): HeldAddresses {
  const held: Partial<Record<Family, HeldRanges>> = {};
  const blocks = new DerCursor(readDer(der), 'IPAddrBlocks');
  while (blocks.more()) {
    const block = new DerCursor(blocks.next(), 'IPAddressFamily');
    const afi = decodeOctetString(block.next()).toString('hex');
    const family = afi === '0001' ? 'ipv4' : afi === '0002' ? 'ipv6' : undefined;
    if (family === undefined) throw outsideProfile(`address family ${afi} is not IPv4 or IPv6 without SAFI`);
    held[family] = decodeHeldRanges(block.next(), (value) => decodeAddressRange(family, value));
    block.end();
  }
  if (Object.keys(held).length === 0) throw outsideProfile('IP address blocks without a family');
  if (!encodeAddressBlocks(held).equals(der)) throw outsideProfile('IP address blocks are not in canonical form');
  return held;
}

function encodeAddressRange(family: Family, { first, last }: Range): Buffer {
  const bits = familyBits(family);
  const size = last - first + 1n;
  if ((size & (size - 1n)) === 0n && first % size === 0n) return encodeLeadingBits(first, bits, bits - (size.toString(2).length - 1));
  return encodeSequence(
    encodeLeadingBits(first, bits, significantBits(first, bits, 0n)),
    encodeLeadingBits(last, bits, significantBits(last, bits, 1n)),
  );
}

/** How many leading bits remain once trailing bits of that value are dropped (RFC 3779 §2.2.3.9). */
function significantBits(address: bigint, bits: number, dropped: 0n | 1n): number {
  let length = bits;
  for (let rest = address; length > 0 && (rest & 1n) === dropped; rest >>= 1n) length -= 1;
  return length;
}

function encodeLeadingBits(address: bigint, bits: number, length: number): Buffer {
  const octets = Math.ceil(length / 8);
  const unused = octets * 8 - length;
  const leading = (address >> BigInt(bits - length)) << BigInt(unused);
  return encodeBitString(Buffer.from(octets === 0 ? '' : leading.toString(16).padStart(octets * 2, '0'), 'hex'), unused);
}

function decodeAddressRange(family: Family, value: DerValue): Range {
  if (value.tag === Tag.bitString) {
    const bits = decodeBitString(value);
    return { first: fill(family, bits, false), last: fill(family, bits, true) };
  }
  const range = new DerCursor(value, 'IPAddressRange');
  const first = fill(family, decodeBitString(range.next()), false);
  const last = fill(family, decodeBitString(range.next()), true);
  range.end();
  return { first, last };
}

function fill(family: Family, bits: Bits, ones: boolean): bigint {
  const width = familyBits(family);
  if (bits.length > width) throw malformed(`an ${family} address of ${bits.length} bits`);
  const leading = bits.length === 0 ? 0n : BigInt(`0x${bits.bytes.toString('hex')}`) >> BigInt(bits.bytes.length * 8 - bits.length);
  const missing = BigInt(width - bits.length);
  return (leading << missing) | (ones ? (1n << missing) - 1n : 0n);
}
