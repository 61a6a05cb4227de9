/**
 * An X.509 v3 certificate (RFC 5280 §4.1) taken apart, and the building of one. What the fields may say is for the two
 * profiles to judge: bpki/ for the business PKI, resource-certificate/ for the RPKI itself.
 */
import { randomBytes } from 'node:crypto';
import { DerCursor } from '../der/cursor.js';
import { decodeInteger, decodeTime } from '../der/decode.js';
import { encodeDer, encodeInteger, encodeSequence, encodeTime } from '../der/encode.js';
import { contextConstructed, contextPrimitive, Tag } from '../der/tags.js';
import { keyIdentifier, type KeyPair } from '../keys.js';
import { malformed, outsideProfile, RpkiError } from '../rpki-error.js';
import { sha256WithRsa } from './algorithm.js';
import { readExtensions, readSubjectKeyIdentifier, type Extensions } from './extensions.js';
import { isSignedBy, readSigned, signedBy, type Signed } from './signed.js';

export interface Certificate extends Signed {
  readonly serial: bigint;
  /** Names as their DER. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** As the extension says, or else as computed from the key. */
  readonly ski: Buffer;
  readonly extensions: Extensions;
}

/** @throws RpkiError `malformed`, or `profile` for versions and algorithms that are not used here */
export function readCertificate(der: Uint8Array): Certificate {
  const signed = readSigned(der, 'Certificate');
  const tbs = new DerCursor(signed.toBeSigned, 'TBSCertificate');
  const version = tbs.next();
  if (version.raw.toString('hex') !== 'a003020102') throw outsideProfile('the certificate is not of version 3');
  const serial = decodeInteger(tbs.next(Tag.integer));
  if (!tbs.next().raw.equals(signed.algorithm.raw)) throw malformed('the two signature algorithms differ');
  const issuer = tbs.next(Tag.sequence).raw;
  const validity = new DerCursor(tbs.next(), 'Validity');
  const notBefore = decodeTime(validity.next());
  const notAfter = decodeTime(validity.next());
  validity.end();
  const subject = tbs.next(Tag.sequence).raw;
  const spki = tbs.next(Tag.sequence).raw;
  if (tbs.optional(contextPrimitive(1)) ?? tbs.optional(contextPrimitive(2))) throw outsideProfile('unique identifiers are not used');
  const wrapped = new DerCursor(tbs.next(), 'Extensions', contextConstructed(3));
  const extensions = readExtensions(wrapped.next());
  wrapped.end();
  tbs.end();
  const ski = readSubjectKeyIdentifier(extensions) ?? keyIdentifier(spki);
  return { ...signed, serial, issuer, subject, notBefore, notAfter, spki, ski, extensions };
}

export interface CertificateFields {
  readonly serial?: bigint;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  /** Each as encodeExtension makes it. */
  readonly extensions: readonly Buffer[];
}

export function buildCertificate(issuerKey: KeyPair, fields: CertificateFields): Buffer {
  const toBeSigned = encodeSequence(
    encodeDer(contextConstructed(0), encodeInteger(2)),
    encodeInteger(fields.serial ?? randomSerial()),
    sha256WithRsa,
    fields.issuer,
    encodeSequence(encodeTime(fields.notBefore), encodeTime(fields.notAfter)),
    fields.subject,
    fields.spki,
    encodeDer(contextConstructed(3), encodeSequence(...fields.extensions)),
  );
  return signedBy(issuerKey, toBeSigned);
}

/** Positive, 16 octets, unpredictable (RFC 5280 §4.1.2.2 allows 20). */
export function randomSerial(): bigint {
  return BigInt(`0x01${randomBytes(15).toString('hex')}`);
}

/** @throws RpkiError `expired`. Both ends belong to the time of validity. */
export function requireCurrent(certificate: Certificate, now: Date): void {
  if (now < certificate.notBefore) throw new RpkiError('expired', `the certificate is valid only from ${certificate.notBefore.toISOString()}`);
  if (now > certificate.notAfter) throw new RpkiError('expired', `the certificate ended at ${certificate.notAfter.toISOString()}`);
}

/** @throws RpkiError `untrusted` unless name and signature lead from one to the other */
export function requireIssuedBy(certificate: Certificate, issuer: Pick<Certificate, 'subject' | 'spki'>): void {
  if (!certificate.issuer.equals(issuer.subject)) throw new RpkiError('untrusted', 'the certificate names another issuer');
  if (!isSignedBy(certificate, issuer.spki)) throw new RpkiError('untrusted', 'the signature of the certificate is not by its issuer');
}
