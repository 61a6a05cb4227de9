/**
 * Whether a certificate of the parent is the one we want: ours, of our key, valid under the issuer it came with, for
 * exactly these resources and this place of publication.
 */
import type { KeyPair } from '../../../rpki/keys.js';
import { readResourceCertificate, type ResourceCertificate } from '../../../rpki/resource-certificate/read.js';
import { explicitResources, requireValidUnder } from '../../../rpki/resource-certificate/verify.js';
import type { SubjectInfoAccess } from '../../../rpki/resource-certificate/access.js';
import { equalResources, type ResourceSet } from '../../../rpki/resources/resource-set.js';
import { RpkiError } from '../../../rpki/rpki-error.js';
import type { ListedCertificate, ResourceClass } from '../../../rpki/updown/message.js';
import { requireCurrent } from '../../../rpki/x509/certificate.js';

export interface ExpectedCertificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly sia: SubjectInfoAccess;
  /** DER, as the parent sent it with the certificate. */
  readonly issuer: Buffer;
}

export interface OwnCertificate {
  readonly listed: ListedCertificate;
  readonly certificate: ResourceCertificate;
}

/** What the parent lists for this key; one that cannot be read counts as none, for a new one is the remedy. */
export function ownCertificateIn(offered: ResourceClass, key: KeyPair): OwnCertificate | undefined {
  for (const listed of offered.certificates) {
    const certificate = ignoringRpkiErrors(() => readResourceCertificate(listed.certificate));
    if (certificate?.spki.equals(key.spki)) return { listed, certificate };
  }
  return undefined;
}

/** @returns undefined for an object that is not to be accepted */
export function ignoringRpkiErrors<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RpkiError) return undefined;
    throw error;
  }
}

/** All but the resources. @throws RpkiError that says what is wrong */
export function readOwnCertificate(der: Buffer, expected: ExpectedCertificate, now: Date): ResourceCertificate {
  const certificate = readResourceCertificate(der);
  if (!certificate.spki.equals(expected.spki)) throw new RpkiError('untrusted', 'the certificate is for another key');
  const issuer = readResourceCertificate(expected.issuer);
  requireCurrent(issuer, now);
  requireValidUnder(certificate, issuer, now);
  const { caRepository, rpkiManifest, rpkiNotify } = expected.sia;
  const { sia } = certificate;
  if (sia.caRepository !== caRepository || sia.rpkiManifest !== rpkiManifest || sia.rpkiNotify !== rpkiNotify) {
    throw new RpkiError('profile', 'the certificate names another place of publication than was asked');
  }
  return certificate;
}

export function certifiesExactly(certificate: ResourceCertificate, resources: ResourceSet): boolean {
  const held = explicitResources(certificate);
  return held !== undefined && equalResources(held, resources);
}

/** The parent would certify for longer, by more than a tenth of what is left: less is not worth a request. */
export function worthRenewing(certificate: ResourceCertificate, offered: Date, now: Date): boolean {
  const left = certificate.notAfter.getTime() - now.getTime();
  return offered.getTime() - certificate.notAfter.getTime() > left / 10;
}
