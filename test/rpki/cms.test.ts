/** The CMS of the up-down protocol: what we sign is believed, and every way it could be wrong is not. */
import { beforeAll, describe, expect, it } from 'vitest';
import { readAnchor } from '../../src/rpki/bpki/anchor.js';
import { createIdentity, restoreIdentity, signingCredentials, storeIdentity, type BpkiIdentity } from '../../src/rpki/bpki/identity.js';
import { readCms } from '../../src/rpki/cms/read.js';
import { buildCms, signCms, type CmsParts } from '../../src/rpki/cms/sign.js';
import { readSignedAttributes } from '../../src/rpki/cms/signed-attributes.js';
import { requireNotReplayed, verifyCms } from '../../src/rpki/cms/verify.js';
import { encodeDer, encodeInteger, encodeOctetString, encodeOid, encodeSequence, encodeSet, encodeTime } from '../../src/rpki/der/encode.js';
import { readDer } from '../../src/rpki/der/read.js';
import { generateKey, type KeyPair } from '../../src/rpki/keys.js';
import { Oid } from '../../src/rpki/oids.js';
import { buildCertificate, readCertificate } from '../../src/rpki/x509/certificate.js';
import { basicConstraintsCa, encodeExtension, keyUsageCa, subjectKeyIdentifier } from '../../src/rpki/x509/extensions.js';
import { buildCrl } from '../../src/rpki/x509/crl.js';
import { nameOfKey } from '../../src/rpki/x509/name.js';

const now = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const content = Buffer.from('<message/>');
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('CMS', () => {
  let identity: BpkiIdentity;
  let other: BpkiIdentity;
  let parts: CmsParts;
  beforeAll(async () => {
    [identity, other] = await Promise.all([createIdentity(now), createIdentity(now)]);
    const { certificate, crl } = signingCredentials(identity, now);
    parts = { content, signingKey: identity.signingKey, signingTime: now, certificates: [certificate], crls: [crl] };
  });
  const verify = (der: Buffer, at = now, by = identity) => verifyCms(readCms(der), readAnchor(by.anchor), at);
  const built = (change: Partial<CmsParts>) => buildCms({ ...parts, ...change });

  it('we sign is believed, five minutes back and a day ahead', () => {
    const der = signCms(identity, content, now, now);
    expect(readCms(der)).toMatchObject({ content, attributes: { signingTime: now } });
    verify(der);
    verify(der, later(-290));
    verify(der, later(86_000));
    expect(() => verify(der, later(-310))).toThrow(code('expired'));
    expect(() => verify(der, later(86_500))).toThrow(code('expired'));
  });

  it('survives storage of the identity', () => {
    verify(signCms(restoreIdentity(storeIdentity(identity)), content, now, now));
  });

  it('is refused under another anchor', () => {
    expect(() => verify(built({}), now, other)).toThrow(code('untrusted'));
  });

  it('is refused when signed by a key other than that of the certificate', async () => {
    const { signingKey } = other;
    const pretending = { ...signingKey, ski: identity.signingKey.ski };
    expect(() => verify(built({ signingKey: pretending }))).toThrow(code('untrusted'));
  });

  it('is refused with the CRL of another, with one that is over, and with none', () => {
    expect(() => verify(built({ crls: [signingCredentials(other, now).crl] }))).toThrow(code('untrusted'));
    expect(() => verify(built({ crls: [signingCredentials(identity, later(-86_700)).crl] }))).toThrow(code('expired'));
    expect(() => verify(built({ crls: [] }))).toThrow(expect.objectContaining({ name: 'RpkiError' }));
  });

  it('is refused when its certificate is revoked', () => {
    const [certificate] = parts.certificates;
    const { serial } = readCertificate(certificate!);
    const issuer = readCertificate(identity.anchor).subject;
    const crl = buildCrl(identity.anchorKey, { issuer, number: 7n, thisUpdate: later(-60), nextUpdate: later(60), revoked: [{ serial, at: now }] });
    expect(() => verify(built({ crls: [crl] }))).toThrow(code('revoked'));
  });

  it('is refused when the anchor itself signs, and with two signing certificates', () => {
    expect(() => verify(built({ signingKey: identity.anchorKey, certificates: [identity.anchor] }))).toThrow(code('profile'));
    expect(() => verify(built({ certificates: [...parts.certificates, signingCredentials(identity, later(1)).certificate] }))).toThrow(code('profile'));
  });

  it('is believed through an intermediate, each level with its CRL, and under that intermediate as anchor', async () => {
    const intermediate = await generateKey();
    const issue = (by: KeyPair, subject: KeyPair, extensions: Buffer[]) =>
      buildCertificate(by, { issuer: nameOfKey(by.ski), subject: nameOfKey(subject.ski), notBefore: later(-60), notAfter: later(60), spki: subject.spki, extensions: [...extensions, subjectKeyIdentifier(subject.ski)] });
    const crlOf = (by: KeyPair) => buildCrl(by, { issuer: nameOfKey(by.ski), number: 1n, thisUpdate: later(-60), nextUpdate: later(60), revoked: [] });
    const ca = issue(identity.anchorKey, intermediate, [basicConstraintsCa(), keyUsageCa()]);
    const notCa = issue(identity.anchorKey, intermediate, []);
    const signer = issue(intermediate, identity.signingKey, []);
    const both = [crlOf(identity.anchorKey), crlOf(intermediate)];
    verify(built({ certificates: [signer, ca], crls: both }));
    expect(() => verify(built({ certificates: [signer, ca], crls: [crlOf(intermediate)] }))).toThrow(code('untrusted'));
    expect(() => verify(built({ certificates: [signer, notCa], crls: both }))).toThrow(expect.objectContaining({ name: 'RpkiError' }));
    expect(() => verify(built({ certificates: [signer], crls: both }))).toThrow(code('untrusted'));
    // the same intermediate as an anchor that is not self-signed
    verifyCms(readCms(built({ certificates: [signer], crls: [crlOf(intermediate)] })), readAnchor(ca), now);
    expect(() => readAnchor(notCa)).toThrow(code('profile'));
  });

  it('is refused when its certificate has a critical extension nobody knows', () => {
    const { anchorKey, signingKey } = identity;
    const certificate = buildCertificate(anchorKey, {
      issuer: nameOfKey(anchorKey.ski),
      subject: nameOfKey(signingKey.ski),
      notBefore: later(-60),
      notAfter: later(60),
      spki: signingKey.spki,
      extensions: [encodeExtension('1.2.3.4', true, encodeInteger(1))],
    });
    expect(() => verify(built({ certificates: [certificate] }))).toThrow(code('profile'));
  });

  it('is refused with any octet changed', () => {
    const der = built({});
    for (let at = 0; at < der.length; at += 37) {
      const changed = Buffer.from(der);
      changed[at]! ^= 0x01;
      expect(() => verify(changed), `octet ${at}`).toThrow(expect.objectContaining({ name: 'RpkiError' }));
    }
  });

  it('may be signed in the same second as the last, not before', () => {
    requireNotReplayed(now, undefined);
    requireNotReplayed(now, now);
    requireNotReplayed(later(1), now);
    expect(() => requireNotReplayed(later(-1), now)).toThrow(code('replayed'));
  });
});

describe('signed attributes', () => {
  const attribute = (oid: string, ...values: Buffer[]) => encodeSequence(encodeOid(oid), encodeSet(...values));
  const type = attribute(Oid.contentType, encodeOid(Oid.xmlContent));
  const digest = attribute(Oid.messageDigest, encodeOctetString(Buffer.alloc(32)));
  const time = attribute(Oid.signingTime, encodeTime(now));
  const binary = (at: Date) => attribute(Oid.binarySigningTime, encodeInteger(at.getTime() / 1000));
  const read = (...attributes: Buffer[]) => readSignedAttributes(readDer(encodeDer(0xa0, ...attributes)));

  it('take the time from either attribute', () => {
    expect(read(type, digest, time).signingTime).toEqual(now);
    expect(read(type, digest, binary(now)).signingTime).toEqual(now);
    expect(read(type, digest, time, binary(now)).signingTime).toEqual(now);
  });

  it.each([
    ['two times that differ', () => read(type, digest, time, binary(later(1)))],
    ['no time', () => read(type, digest)],
    ['no digest', () => read(type, time)],
    ['no content type', () => read(digest, time)],
    ['another content type', () => read(attribute(Oid.contentType, encodeOid(Oid.signedData)), digest, time)],
    ['an attribute twice', () => read(type, digest, digest, time)],
    ['two values', () => read(type, digest, attribute(Oid.signingTime, encodeTime(now), encodeTime(later(1))))],
    ['an unknown attribute', () => read(type, digest, time, attribute('1.2.3', encodeInteger(1)))],
  ])('refuse %s', (_, reading) => {
    expect(reading).toThrow(code('profile'));
  });
});
