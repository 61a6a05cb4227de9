/**
 * From the certificate that signed a message to the anchor of the business PKI, through the CA certificates the message
 * carries. Every certificate below the anchor is current and not revoked; its issuer's CRL must be in the message.
 */
import { Oid } from '../oids.js';
import { outsideProfile, RpkiError } from '../rpki-error.js';
import { readBasicConstraints, readAuthorityKeyIdentifier, readKeyUsage, refuseUnknownCritical, KeyUsage } from '../x509/extensions.js';
import { requireCurrent, requireIssuedBy, type Certificate } from '../x509/certificate.js';
import type { Crl } from '../x509/crl.js';
import { isSignedBy } from '../x509/signed.js';

const longestPath = 5;
const understood: ReadonlySet<string> = new Set([
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.subjectKeyIdentifier,
  Oid.authorityKeyIdentifier,
]);

export interface Chain {
  readonly signer: Certificate;
  /** CA certificates the message carries, in any order. */
  readonly intermediates: readonly Certificate[];
  readonly crls: readonly Crl[];
}

/** @throws RpkiError `untrusted`, `expired`, `revoked`, `profile` */
export function verifyChain(chain: Chain, anchor: Certificate, now: Date): void {
  if (isCa(chain.signer)) throw outsideProfile('the signing certificate is a CA');
  requireUsage(chain.signer, KeyUsage.digitalSignature);
  let subject = chain.signer;
  for (let depth = 0; depth < longestPath; depth += 1) {
    refuseUnknownCritical(subject.extensions, understood);
    const issuer = issuerOf(subject, anchor, chain.intermediates);
    requireIssuedBy(subject, issuer);
    requireCurrent(subject, now);
    requireNotRevoked(subject, issuer, chain.crls, now);
    if (issuer === anchor) return;
    if (!isCa(issuer)) throw new RpkiError('untrusted', 'a certificate in the chain was issued by one that is no CA');
    requireUsage(issuer, KeyUsage.keyCertSign);
    subject = issuer;
  }
  throw new RpkiError('untrusted', 'the chain to the anchor is too long');
}

function issuerOf(subject: Certificate, anchor: Certificate, intermediates: readonly Certificate[]): Certificate {
  const named = [anchor, ...intermediates].filter((candidate) => candidate !== subject && candidate.subject.equals(subject.issuer));
  const wanted = readAuthorityKeyIdentifier(subject.extensions)?.keyIdentifier;
  const issuer = named.find((candidate) => wanted === undefined || candidate.ski.equals(wanted));
  if (issuer === undefined) throw new RpkiError('untrusted', 'the chain does not lead to the anchor');
  return issuer;
}

function requireNotRevoked(subject: Certificate, issuer: Certificate, crls: readonly Crl[], now: Date): void {
  const signed = crls.filter((crl) => crl.issuer.equals(issuer.subject) && isSignedBy(crl, issuer.spki));
  if (signed.length === 0) throw new RpkiError('untrusted', 'the message carries no CRL of the issuer of its certificate');
  const current = signed.filter((crl) => crl.thisUpdate <= now && now <= crl.nextUpdate);
  if (current.length === 0) throw new RpkiError('expired', 'the CRL of the message is not current');
  if (current.some((crl) => crl.revoked.has(subject.serial))) throw new RpkiError('revoked', 'the certificate of the message is revoked');
}

function isCa(certificate: Certificate): boolean {
  const constraints = certificate.extensions.get(Oid.basicConstraints);
  return constraints !== undefined && readBasicConstraints(constraints).ca;
}

function requireUsage(certificate: Certificate, bit: number): void {
  const usage = certificate.extensions.get(Oid.keyUsage);
  if (usage !== undefined && !readKeyUsage(usage).includes(bit)) throw outsideProfile('the key usage of a certificate does not allow its use');
}
