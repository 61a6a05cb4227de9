/** Resource sets: the algebra against plain sets of numbers, the two encodings there and back, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/model/prefix.js';
import { encodeBitString, encodeOctetString, encodeSequence } from '../../src/rpki/der/encode.js';
import { decodeAddressBlocks, encodeAddressBlocks } from '../../src/rpki/resources/address-blocks.js';
import { decodeAsIdentifiers, encodeAsIdentifiers } from '../../src/rpki/resources/as-identifiers.js';
import { containsSet, differenceOf, equalSets, intersectionOf, rangeSet, unionOf, type RangeSet } from '../../src/rpki/resources/range-set.js';
import { highestOf, resourcesOfPrefixes, type ResourceType } from '../../src/rpki/resources/resource-set.js';
import { formatRanges, formatResources, parseRanges, parseResources } from '../../src/rpki/resources/text.js';

/** Ranges of any size, and by preference ones that are prefixes, edges of the space or single numbers. */
function sets(type: ResourceType): fc.Arbitrary<RangeSet> {
  const highest = highestOf(type);
  const number = fc.bigInt({ min: 0n, max: highest });
  const bits = highest.toString(2).length;
  const range = fc.oneof(
    fc.tuple(number, number).map(([a, b]) => (a < b ? { first: a, last: b } : { first: b, last: a })),
    number.map((first) => ({ first, last: first })),
    fc.tuple(number, fc.integer({ min: 0, max: bits })).map(([a, length]) => {
      const size = 1n << BigInt(bits - length);
      const first = (a / size) * size;
      return { first, last: first + size - 1n };
    }),
  );
  return fc.array(range, { minLength: 1, maxLength: 12 }).map(rangeSet);
}

const small = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 6 })), { maxLength: 8 });

function numbersOf(pairs: readonly (readonly [number, number])[]): Set<bigint> {
  return new Set(pairs.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, i) => BigInt(first + i))));
}

function listed(set: RangeSet): bigint[] {
  return set.flatMap(({ first, last }) => Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)));
}

function ascending(numbers: Iterable<bigint>): bigint[] {
  return [...new Set(numbers)].sort((a, b) => Number(a - b));
}

describe('range sets', () => {
  it('agree with sets of numbers in every operation', () => {
    fc.assert(
      fc.property(small, small, (left, right) => {
        const [a, b] = [left, right].map((pairs) => rangeSet(pairs.map(([first, more]) => ({ first: BigInt(first), last: BigInt(first + more) }))));
        const [x, y] = [numbersOf(left), numbersOf(right)];
        expect(listed(unionOf(a!, b!))).toEqual(ascending([...x, ...y]));
        expect(listed(intersectionOf(a!, b!))).toEqual(ascending([...x].filter((n) => y.has(n))));
        expect(listed(differenceOf(a!, b!))).toEqual(ascending([...x].filter((n) => !y.has(n))));
        expect(containsSet(a!, b!)).toBe([...y].every((n) => x.has(n)));
        expect(equalSets(a!, b!)).toBe(x.size === y.size && [...y].every((n) => x.has(n)));
      }),
    );
  });
});

describe('RFC 3779 extensions', () => {
  it('come back as they went, addresses', () => {
    fc.assert(
      fc.property(fc.option(sets('ipv4'), { nil: undefined }), sets('ipv6'), (ipv4, ipv6) => {
        const held = ipv4 === undefined ? { ipv6 } : { ipv4, ipv6 };
        expect(decodeAddressBlocks(encodeAddressBlocks(held))).toEqual(held);
      }),
    );
  });

  it('come back as they went, AS numbers and inheritance', () => {
    fc.assert(
      fc.property(sets('asn'), (asn) => {
        expect(decodeAsIdentifiers(encodeAsIdentifiers(asn))).toEqual(asn);
      }),
    );
    expect(decodeAsIdentifiers(encodeAsIdentifiers('inherit'))).toBe('inherit');
    expect(decodeAddressBlocks(encodeAddressBlocks({ ipv4: 'inherit', ipv6: 'inherit' }))).toEqual({ ipv4: 'inherit', ipv6: 'inherit' });
  });

  it('are the octets of the examples in RFC 3779 §2.2.3.8 and §2.2.3.9', () => {
    const octets = (set: string) => encodeAddressBlocks({ ipv4: parseRanges('ipv4', set) }).toString('hex');
    // 10.5.0.4/32 is 03 05 00 0a 05 00 04, 10.5.0/23 is 03 04 01 0a 05 00
    expect(octets('10.5.0.4')).toContain('0305000a050004');
    expect(octets('10.5.0.0/23')).toContain('0304010a0500');
    // from 10.5.0.0 to 10.5.0.12: trailing zeros of the first and trailing ones of the last are cut
    expect(octets('10.5.0.0-10.5.0.12')).toContain('300c' + '0303000a05' + '0305000a05000c');
  });

  const block = (family: string, ...ranges: Buffer[]) => encodeSequence(encodeOctetString(Buffer.from(family, 'hex')), encodeSequence(...ranges));
  const bits = (hex: string, unused = 0) => encodeBitString(Buffer.from(hex, 'hex'), unused);

  it.each([
    ['a range where a prefix would do', encodeSequence(block('0001', encodeSequence(bits('0a'), bits('0a'))))],
    ['a range that ends before it begins', encodeSequence(block('0001', encodeSequence(bits('0b'), bits('0a'))))],
    ['a minimum with trailing zeros', encodeSequence(block('0001', encodeSequence(bits('0a00'), bits('0b0a'))))],
    ['no family', encodeSequence()],
    ['a family without ranges', encodeSequence(block('0001'))],
    ['a SAFI', encodeSequence(block('000101', bits('0a')))],
    ['a family that is no address', encodeSequence(block('0003', bits('0a')))],
    ['families in the wrong order', encodeSequence(block('0002', bits('20')), block('0001', bits('0a')))],
    ['a family twice', encodeSequence(block('0001', bits('0a')), block('0001', bits('0b')))],
    ['prefixes in the wrong order', encodeSequence(block('0001', bits('0b'), bits('08')))],
    ['adjacent prefixes not merged', encodeSequence(block('0001', bits('0a'), bits('0b')))],
    ['overlapping prefixes', encodeSequence(block('0001', bits('0a'), bits('0a01')))],
    ['an address that is too long', encodeSequence(block('0001', bits('0a00000001')))],
    ['padding bits that are set', encodeSequence(block('0001', bits('0b', 1)))],
  ])('refuse %s', (_, der) => {
    expect(() => decodeAddressBlocks(der)).toThrow(expect.objectContaining({ name: 'RpkiError' }));
  });

  it('accept what those refused are one step away from', () => {
    expect(decodeAddressBlocks(encodeSequence(block('0001', bits('08'), bits('0a')), block('0002', bits('20'))))).toEqual({
      ipv4: parseRanges('ipv4', '8.0.0.0/8,10.0.0.0/8'),
      ipv6: parseRanges('ipv6', '2000::/8'),
    });
  });
});

describe('the text of RFC 6492', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(sets('asn'), sets('ipv4'), sets('ipv6'), (asn, ipv4, ipv6) => {
        expect(parseResources(formatResources({ asn, ipv4, ipv6 }))).toEqual({ asn, ipv4, ipv6 });
      }),
    );
  });

  it('is canonical: sorted, merged, prefixes where there are any', () => {
    expect(formatRanges('ipv4', parseRanges('ipv4', '192.0.2.128/25, 10.0.0.5-10.0.0.9,192.0.2.0/25,10.0.0.4'))).toBe('10.0.0.4-10.0.0.9,192.0.2.0/24');
    expect(formatRanges('ipv6', parseRanges('ipv6', '2001:DB8:2::-2001:db8:5:0:0:0:0:0,2001:db8::/48'))).toBe('2001:db8::/48,2001:db8:2::-2001:db8:5::');
    expect(formatRanges('asn', parseRanges('asn', '456-789,123'))).toBe('123,456-789');
    expect(formatRanges('asn', parseRanges('asn', ''))).toBe('');
  });

  it.each([
    ['ipv4', '10.0.0.1/24'],
    ['ipv4', '10.0.0.9-10.0.0.1'],
    ['ipv4', '2001:db8::/32'],
    ['ipv6', '10.0.0.0/8'],
    ['ipv4', '10.0.0.0/8,'],
    ['ipv4', '10.0.0.0 /8'],
    ['asn', '4294967296'],
    ['asn', '9-3'],
    ['asn', 'AS1'],
  ] as const)('refuses %s "%s"', (type, text) => {
    expect(() => parseRanges(type, text)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('writes the prefixes of a document as sets', () => {
    const resources = resourcesOfPrefixes(['10.0.1.0/24', '10.0.0.0/24', '2001:db8::/48'].map(parsePrefix));
    expect(formatResources(resources)).toEqual({ asn: '', ipv4: '10.0.0.0/23', ipv6: '2001:db8::/48' });
  });
});
