/** A conversation recorded between three implementations of 2011: Alice, parent of Bob, parent of Carol. */
import { describe, expect, it } from 'vitest';
import { readRequest } from '../../src/rpki/pkcs10/read.js';
import { readChildRequest } from '../../src/rpki/setup/child-request.js';
import { readParentResponse } from '../../src/rpki/setup/parent-response.js';
import { openUpDown } from '../../src/rpki/updown/exchange.js';
import { readCms } from '../../src/rpki/cms/read.js';
import { readUpDown, readUpDownEnvelope } from '../../src/rpki/updown/read.js';
import { writeUpDown } from '../../src/rpki/updown/write.js';
import { readCertificate, type Certificate } from '../../src/rpki/x509/certificate.js';
import { vector, vectorsAbsent } from './vectors.js';

const then = new Date('2012-01-01T00:00:00Z');

function open(name: string, anchor: Certificate, now = then, lastSigningTime?: Date) {
  return openUpDown(vector('isc-updown', `pdu.${name}.der`), () => ({ anchor, lastSigningTime }), now);
}

describe.skipIf(vectorsAbsent)('the ISC conversation (skipped where the vectors are absent)', () => {
  const anchors: Record<string, () => Certificate> = {
    alice: () => readParentResponse(vector('isc-updown', 'issuer-alice-child-bob-parent.xml')).anchor,
    bob: () => readChildRequest(vector('isc-updown', 'bob-child-id.xml')).anchor,
    carol: () => readChildRequest(vector('isc-updown', 'carol-child-id.xml')).anchor,
  };
  const anchorOf = (name: string): Certificate => anchors[name]!();

  it.each([
    ['170', 'alice', 'list'],
    ['172', 'alice', 'issue'],
    ['180', 'bob', 'list'],
    ['184', 'bob', 'issue'],
    ['183', 'alice', 'list_response'],
    ['189', 'alice', 'issue_response'],
    ['196', 'carol', 'list'],
    ['200', 'carol', 'issue'],
    ['199', 'bob', 'list_response'],
    ['205', 'bob', 'issue_response'],
  ])('pdu.%s of %s is believed and is a %s', (name, who, type) => {
    const message = open(name, anchorOf(who)).message();
    expect(message.type).toBe(type);
    expect(() => open(name, anchorOf(who), new Date('2013-01-01T00:00:00Z'))).toThrow(expect.objectContaining({ code: 'expired' }));
  });

  it.each(['171', '173'])('pdu.%s, whose anchor is not at hand, is read and not believed', (name) => {
    const cms = readCms(vector('isc-updown', `pdu.${name}.der`));
    expect(readUpDown(readUpDownEnvelope(cms.content)).type).toMatch(/_response$/);
    for (const who of ['alice', 'bob', 'carol']) {
      expect(() => open(name, anchorOf(who))).toThrow(expect.objectContaining({ code: 'untrusted' }));
    }
  });

  it('refuses a message of Carol under the anchor of Bob', () => {
    expect(() => open('200', anchorOf('bob'))).toThrow(expect.objectContaining({ code: 'untrusted' }));
  });

  it('refuses what was signed before a message already accepted', () => {
    const issue = open('184', anchorOf('bob'));
    expect(() => open('180', anchorOf('bob'), then, issue.signingTime)).toThrow(expect.objectContaining({ code: 'replayed' }));
  });

  it('accepts two messages of one second in either order', () => {
    const issue = open('200', anchorOf('carol'));
    const list = open('196', anchorOf('carol'), then, issue.signingTime);
    expect(list.signingTime).toEqual(issue.signingTime);
  });

  it('refuses a message with one octet of its content changed', () => {
    const der = vector('isc-updown', 'pdu.180.der');
    der[der.indexOf('sender="Bob"') + 8] = 'R'.charCodeAt(0);
    expect(() => openUpDown(der, () => ({ anchor: anchorOf('bob'), lastSigningTime: undefined }), then)).toThrow(/not what was signed/);
  });

  it.each(['172', '184', '200'])('finds in pdu.%s a request signed by its own key', (name) => {
    const message = readUpDown(readUpDownEnvelope(readCms(vector('isc-updown', `pdu.${name}.der`)).content));
    if (message.type !== 'issue') throw new Error('not an issue');
    expect(readRequest(message.csr).spki.length).toBeGreaterThan(290);
  });

  it('finds in the answers certificates issued by the issuer they name', () => {
    const message = open('189', anchorOf('alice')).message();
    if (message.type !== 'issue_response') throw new Error('not an issue response');
    const issuer = readCertificate(message.issued.issuer);
    expect(readCertificate(message.issued.certificates[0]!.certificate).issuer).toEqual(issuer.subject);
  });

  it.each(['170', '171', '172', '173', '180', '183', '184', '189', '196', '199', '200', '205'])('writes pdu.%s again with the same meaning', (name) => {
    const message = readUpDown(readUpDownEnvelope(readCms(vector('isc-updown', `pdu.${name}.der`)).content));
    expect(readUpDown(readUpDownEnvelope(writeUpDown(message)))).toEqual(message);
  });
});
