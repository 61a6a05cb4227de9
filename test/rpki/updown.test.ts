/** Up-down messages as XML: there and back for any content, and strict on what the schema does not know. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeSet } from '../../src/rpki/resources/range-set.js';
import { highestOf, type ResourceType } from '../../src/rpki/resources/resource-set.js';
import { upDownNamespace, type ResourceClass, type UpDownMessage } from '../../src/rpki/updown/message.js';
import { readUpDown, readUpDownEnvelope } from '../../src/rpki/updown/read.js';
import { nextSigningTime } from '../../src/rpki/updown/exchange.js';
import { writeUpDown } from '../../src/rpki/updown/write.js';

const read = (xml: Buffer | string) => readUpDown(readUpDownEnvelope(Buffer.from(xml)));

const set = (type: ResourceType) =>
  fc
    .array(fc.tuple(fc.bigInt({ min: 0n, max: highestOf(type) }), fc.bigInt({ min: 0n, max: highestOf(type) })), { maxLength: 4 })
    .map((pairs) => rangeSet(pairs.map(([a, b]) => (a < b ? { first: a, last: b } : { first: b, last: a }))));
const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((octets) => Buffer.from(octets));
// what XML 1.0 can carry at all, quotes and angle brackets included
const word = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => text.trim() === text && !/[^\x20-\uD7FF\uE000-\uFFFD]/.test(text));
const requested = fc.record({ asn: set('asn'), ipv4: set('ipv4'), ipv6: set('ipv6') }, { requiredKeys: [] });
const urls = fc.constantFrom(['rsync://example.net/a.cer'], ['https://example.net/a.cer', 'rsync://example.net/a.cer']);
const resourceClass: fc.Arbitrary<ResourceClass> = fc.record({
  className: word,
  issuerUrls: urls,
  entitlement: fc.record({ asn: set('asn'), ipv4: set('ipv4'), ipv6: set('ipv6') }),
  notAfter: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000)),
  suggestedSiaHead: fc.option(fc.constant('rsync://example.net/a/'), { nil: undefined }),
  certificates: fc.array(fc.record({ urls, requested, certificate: bytes }), { minLength: 1, maxLength: 1 }),
  issuer: bytes,
});
const ski = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((octets) => Buffer.from(octets));
const parties = { sender: word, recipient: word };
const message: fc.Arbitrary<UpDownMessage> = fc.oneof(
  fc.record({ ...parties, type: fc.constant('list' as const) }),
  fc.record({ ...parties, type: fc.constant('list_response' as const), classes: fc.array(resourceClass, { maxLength: 3 }) }),
  fc.record({ ...parties, type: fc.constant('issue' as const), className: word, requested, csr: bytes }),
  fc.record({ ...parties, type: fc.constant('issue_response' as const), issued: resourceClass }),
  fc.record({ ...parties, type: fc.constantFrom('revoke' as const, 'revoke_response' as const), className: word, ski }),
  fc.record({ ...parties, type: fc.constant('error_response' as const), status: fc.integer({ min: 1000, max: 9999 }), description: word }),
);

describe('up-down messages', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(message, (given) => {
        expect(read(writeUpDown(given))).toEqual(given);
      }),
    );
  });

  const inMessage = (type: string, body: string, more = '') =>
    `<message xmlns="${upDownNamespace}" version="1" sender="a" recipient="b" type="${type}"${more}>${body}</message>`;
  const ok27 = 'A'.repeat(27);

  it.each([
    ['an unknown attribute', inMessage('list', '', ' more="1"')],
    ['an attribute of another namespace', inMessage('list', '', ' xmlns:x="urn:x" x:sender="a"')],
    ['an unknown element', inMessage('list', '<more/>')],
    ['an element of another namespace', inMessage('list_response', '<class xmlns="urn:x"/>')],
    ['another namespace', inMessage('list', '').replace(upDownNamespace, 'urn:x')],
    ['no sender', inMessage('list', '').replace('sender="a" ', '')],
    ['a request without base64', inMessage('issue', '<request class_name="0">§</request>')],
    ['a request with an unknown attribute', inMessage('issue', '<request class_name="0" more="1">AAAA</request>')],
    ['two requests', inMessage('issue', '<request class_name="0">AAAA</request><request class_name="0">AAAA</request>')],
    ['no class name', inMessage('revoke', `<key ski="${ok27}"/>`)],
    ['an empty class name', inMessage('revoke', `<key class_name="" ski="${ok27}"/>`)],
    ['a key identifier that is too short', inMessage('revoke', '<key class_name="0" ski="AAAA"/>')],
    ['an error without status', inMessage('error_response', '<description>x</description>')],
    ['a set that is none', inMessage('issue', '<request class_name="0" req_resource_set_ipv4="10.0.0.1/8">AAAA</request>')],
  ])('with %s are refused', (_, xml) => {
    expect(() => read(xml)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('are told apart by version and type before they are read further', () => {
    expect(() => read(inMessage('list', '').replace('version="1"', 'version="2"'))).toThrow(expect.objectContaining({ code: 'unknown-version' }));
    expect(() => read(inMessage('lost', ''))).toThrow(expect.objectContaining({ code: 'unknown-type' }));
  });

  it('carry key identifiers without padding and take them with it', () => {
    const padded = read(inMessage('revoke', `<key class_name="0" ski="${ok27}="/>`));
    expect(padded).toMatchObject({ ski: Buffer.alloc(20) });
    expect(writeUpDown(padded).toString()).toContain(`ski="${ok27}"`);
  });

  it('are never signed earlier than the last, and in whole seconds', () => {
    const at = (text: string) => new Date(`2026-03-01T${text}Z`);
    expect(nextSigningTime(at('12:00:00.900'), undefined)).toEqual(at('12:00:00'));
    expect(nextSigningTime(at('12:00:05.100'), at('12:00:00'))).toEqual(at('12:00:05'));
    expect(nextSigningTime(at('11:59:00'), at('12:00:00'))).toEqual(at('12:00:00'));
  });
});
