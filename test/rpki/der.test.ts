/** DER there and back, and the BER that must not pass for it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBitString, decodeBoolean, decodeInteger, decodeOid, decodeTime } from '../../src/rpki/der/decode.js';
import { encodeBitString, encodeBoolean, encodeInteger, encodeOctetString, encodeOid, encodeSequence, encodeSet, encodeTime } from '../../src/rpki/der/encode.js';
import { readChildren, readDer } from '../../src/rpki/der/read.js';
import { readXml } from '../../src/rpki/xml/read.js';

const malformed = expect.objectContaining({ code: 'malformed' });
const read = (hex: string) => readDer(Buffer.from(hex, 'hex'));

describe('DER', () => {
  it('brings back integers, identifiers, bits and times', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 1n << 160n }),
        fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 39 }), fc.integer({ min: 0, max: 2 ** 40 })),
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2150, 0) }),
        (integer, arcs, bytes, time) => {
          expect(decodeInteger(readDer(encodeInteger(integer)))).toBe(integer);
          expect(decodeOid(readDer(encodeOid(arcs.join('.'))))).toBe(arcs.join('.'));
          expect(decodeBitString(readDer(encodeBitString(bytes)))).toEqual({ bytes: Buffer.from(bytes), length: bytes.length * 8 });
          expect(decodeTime(readDer(encodeTime(new Date(time)))).getTime()).toBe(Math.floor(time / 1000) * 1000);
        },
      ),
    );
  });

  it.each([0, 127, 128, 255, 256, 65535, 65536])('writes %i octets with the shortest length', (length) => {
    const der = encodeSequence(encodeOctetString(Buffer.alloc(length)));
    expect(readChildren(readDer(der))[0]?.content.length).toBe(length);
  });

  it('sorts the members of a set', () => {
    expect(encodeSet(encodeInteger(2), encodeBoolean(true), encodeInteger(1)).toString('hex')).toBe('31090101ff020101020102');
  });

  it.each([
    ['an indefinite length', '3080020101' + '0000'],
    ['a long length that would fit short', '04810100'],
    ['a length with a leading zero', '048200800' + '0'.repeat(257)],
    ['a value cut short', '040500'],
    ['octets after the end', '04010000'],
    ['nothing', ''],
    ['a tag of several octets', '1f8101' + '00'],
  ])('refuses %s', (_, hex) => {
    expect(() => read(hex)).toThrow(malformed);
  });

  it('refuses values that have a shorter or another canonical form', () => {
    expect(() => decodeBoolean(read('010101'))).toThrow(malformed);
    expect(() => decodeInteger(read('02020001'))).toThrow(malformed);
    expect(() => decodeInteger(read('0202ffff'))).toThrow(malformed);
    expect(() => decodeOid(read('06032a8001'))).toThrow(malformed);
    expect(() => decodeBitString(read('03020401' + ''))).toThrow(malformed);
    expect(() => decodeTime(readDer(Buffer.concat([Buffer.from([0x17, 13]), Buffer.from('250230000000Z')])))).toThrow(malformed);
  });
});

describe('XML', () => {
  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an undefined entity', '<a>&b;</a>'],
    ['an undeclared prefix', '<x:a/>'],
    ['two roots', '<a/><b/>'],
    ['an open element', '<a><b></a>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['text beside elements', '<a>x<b/></a>'],
    ['endless nesting', '<a>'.repeat(50) + '</a>'.repeat(50)],
    ['more than a mebibyte', `<a>${'x'.repeat(1024 * 1024)}</a>`],
    ['nothing', ''],
  ])('with %s is refused', (_, xml) => {
    expect(() => readXml(xml)).toThrow(malformed);
  });

  it('is read by namespace, whatever the prefix', () => {
    const plain = readXml('<a xmlns="urn:x" b="1&amp;2"><c>t</c></a>');
    expect(readXml('<?xml version="1.0"?><y:a xmlns:y="urn:x" b="1&amp;2">\n  <y:c><![CDATA[t]]></y:c>\n</y:a>')).toEqual(plain);
  });

  it('that is not UTF-8 is refused', () => {
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(malformed);
  });
});
