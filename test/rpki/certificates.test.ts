/** Certificates and requests we build, read back by our own profile reader; and requests outside the profile. */
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeDer, encodeInteger, encodeOid, encodeSequence, encodeSet } from '../../src/rpki/der/encode.js';
import { exportKey, generateKey, importKey, type KeyPair } from '../../src/rpki/keys.js';
import { Oid } from '../../src/rpki/oids.js';
import { buildCaRequest } from '../../src/rpki/pkcs10/build.js';
import { readRequest, requireCaRequest } from '../../src/rpki/pkcs10/read.js';
import { encodeSubjectInfoAccess } from '../../src/rpki/resource-certificate/access.js';
import { buildCaCertificate, buildTrustAnchor } from '../../src/rpki/resource-certificate/build.js';
import { readResourceCertificate } from '../../src/rpki/resource-certificate/read.js';
import { explicitResources, requireValidUnder } from '../../src/rpki/resource-certificate/verify.js';
import { noResources } from '../../src/rpki/resources/resource-set.js';
import { parseResources } from '../../src/rpki/resources/text.js';
import { basicConstraintsCa, encodeExtension, subjectKeyIdentifier } from '../../src/rpki/x509/extensions.js';
import { nameOfKey } from '../../src/rpki/x509/name.js';
import { signedBy } from '../../src/rpki/x509/signed.js';

const now = new Date('2026-03-01T12:00:00Z');
const notAfter = new Date('2027-03-01T00:00:00Z');
const sia = { caRepository: 'rsync://example.net/repo/a/', rpkiManifest: 'rsync://example.net/repo/a/x.mft', rpkiNotify: 'https://example.net/n.xml' };
const resources = parseResources({ asn: '64500-64510', ipv4: '10.0.0.0/8,192.0.2.0-192.0.2.9', ipv6: '2001:db8::/32' });
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('resource certificates', () => {
  let issuerKey: KeyPair;
  let subject: KeyPair;
  beforeAll(async () => {
    [issuerKey, subject] = await Promise.all([generateKey(), generateKey()]);
  });
  const anchor = () => readResourceCertificate(buildTrustAnchor(issuerKey, { notBefore: now, notAfter, resources, sia }));
  const issued = (held = resources) => {
    const uris = { crlUri: 'rsync://example.net/ta/ta.crl', issuerUri: 'rsync://example.net/ta.cer' };
    return readResourceCertificate(buildCaCertificate(issuerKey, { ...uris, spki: subject.spki, notBefore: now, notAfter, resources: held, sia }));
  };

  it('come back as they were built, and hold under their issuer', () => {
    const certificate = issued();
    expect(explicitResources(certificate)).toEqual(resources);
    expect(certificate).toMatchObject({ sia, notBefore: now, notAfter, spki: subject.spki, selfIssued: false });
    expect(anchor().selfIssued).toBe(true);
    requireValidUnder(certificate, anchor(), now);
    requireValidUnder(anchor(), anchor(), now);
  });

  it('leave out the extension of what they do not hold', () => {
    expect(issued({ ...noResources, ipv6: resources.ipv6 }).held).toEqual({ ipv6: resources.ipv6 });
    expect(issued({ ...noResources, asn: resources.asn }).held).toEqual({ asn: resources.asn });
  });

  it('are never issued without resources', () => {
    expect(() => issued(noResources)).toThrow(code('profile'));
  });

  it('do not hold beyond their issuer, outside their time, or under another key', async () => {
    const more = parseResources({ asn: '', ipv4: '10.0.0.0/7', ipv6: '' });
    expect(() => requireValidUnder(issued(more), anchor(), now)).toThrow(code('untrusted'));
    expect(() => requireValidUnder(issued(), anchor(), new Date('2026-02-28T23:59:59Z'))).toThrow(code('expired'));
    expect(() => requireValidUnder(issued(), anchor(), new Date('2027-03-01T00:00:01Z'))).toThrow(code('expired'));
    const stranger = await generateKey();
    const impostor = { ...stranger, ski: issuerKey.ski };
    const forged = buildTrustAnchor(impostor, { notBefore: now, notAfter, resources, sia });
    expect(() => requireValidUnder(issued(), { ...anchor(), spki: readResourceCertificate(forged).spki }, now)).toThrow(expect.objectContaining({ name: 'RpkiError' }));
  });
});

describe('certification requests', () => {
  let key: KeyPair;
  beforeAll(async () => {
    key = await generateKey();
  });
  const requestWith = (...extensions: Buffer[]) => {
    const attribute = encodeSequence(encodeOid(Oid.extensionRequest), encodeSet(encodeSequence(...extensions)));
    return signedBy(key, encodeSequence(encodeInteger(0), nameOfKey(key.ski), key.spki, encodeDer(0xa0, attribute)));
  };
  const access = (change: Partial<typeof sia> = {}) => encodeExtension(Oid.subjectInfoAccess, false, encodeSubjectInfoAccess({ ...sia, ...change }));

  it('come back as they were built, from a stored key too', () => {
    const request = readRequest(buildCaRequest(importKey(exportKey(key)), sia));
    expect(request.spki).toEqual(key.spki);
    expect(requireCaRequest(request)).toEqual(sia);
  });

  it.each([
    ['for no CA', () => requestWith(access())],
    ['without a place of publication', () => requestWith(basicConstraintsCa())],
    ['with a repository that is no directory', () => requestWith(basicConstraintsCa(), access({ caRepository: 'rsync://example.net/repo/a' }))],
    ['with a manifest elsewhere', () => requestWith(basicConstraintsCa(), access({ rpkiManifest: 'rsync://example.net/x.mft' }))],
    ['with a repository by https only', () => requestWith(basicConstraintsCa(), access({ caRepository: 'https://example.net/repo/a/' }))],
    ['with another extension', () => requestWith(basicConstraintsCa(), access(), subjectKeyIdentifier(key.ski))],
  ])('%s are refused', (_, build) => {
    expect(() => requireCaRequest(readRequest(build()))).toThrow(code('profile'));
  });
});
