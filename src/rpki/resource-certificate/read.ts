/**
 * Resource certificates of CAs, held against the profile of RFC 6487 §4. Says what one claims; whether the claim is
 * true is for verify.ts. End-entity certificates are refused: they live inside signed objects.
 */
import { decodeAddressBlocks } from '../resources/address-blocks.js';
import { decodeAsIdentifiers } from '../resources/as-identifiers.js';
import type { HeldRanges } from '../resources/held-ranges.js';
import { requireResourceKey, keyIdentifier } from '../keys.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';
import type { ResourceType } from '../resources/resource-set.js';
import { readCertificate, type Certificate } from '../x509/certificate.js';
import {
  KeyUsage,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readKeyUsage,
  readSubjectKeyIdentifier,
  refuseUnknownCritical,
  type Extension,
} from '../x509/extensions.js';
import { requireResourceName } from '../x509/name.js';
import { decodeAuthorityInfoAccess, decodeCrlDistributionPoints, decodeSubjectInfoAccess, type SubjectInfoAccess } from './access.js';
import { requireResourcePolicy } from './policy.js';

export interface ResourceCertificate extends Certificate {
  /** A type that is absent is not held. */
  readonly held: Readonly<Partial<Record<ResourceType, HeldRanges>>>;
  readonly sia: SubjectInfoAccess;
  /** Issued by its own name: a trust anchor. */
  readonly selfIssued: boolean;
  /** undefined only for a trust anchor that leaves it out. */
  readonly authorityKeyIdentifier: Buffer | undefined;
}

const critical: ReadonlySet<string> = new Set([
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.certificatePolicies,
  Oid.ipAddrBlocks,
  Oid.autonomousSysIds,
]);

/** @throws RpkiError `malformed`, `profile` */
export function readResourceCertificate(der: Uint8Array): ResourceCertificate {
  const certificate = readCertificate(der);
  const { extensions } = certificate;
  refuseUnknownCritical(extensions, critical);
  if (certificate.serial <= 0n || certificate.serial >= 1n << 159n) {
    throw outsideProfile('the serial number is not positive and of 20 octets at most');
  }
  requireResourceName(certificate.issuer, 'issuer');
  requireResourceName(certificate.subject, 'subject');
  if (certificate.notAfter < certificate.notBefore) throw outsideProfile('the certificate ends before it begins');
  requireResourceKey(certificate.spki);
  requireCa(required(certificate, Oid.basicConstraints, true), required(certificate, Oid.keyUsage, true));
  if (!readSubjectKeyIdentifier(extensions)?.equals(keyIdentifier(certificate.spki))) {
    throw outsideProfile('the subject key identifier is not that of the key');
  }
  requireResourcePolicy(required(certificate, Oid.certificatePolicies, true).value);
  const sia = decodeSubjectInfoAccess(required(certificate, Oid.subjectInfoAccess, false).value);
  const selfIssued = certificate.issuer.equals(certificate.subject);
  if (selfIssued) requireAnchorAccess(certificate);
  else requireSubordinateAccess(certificate);
  const held = heldBy(certificate);
  if (selfIssued && Object.values(held).includes('inherit')) throw outsideProfile('a trust anchor has nobody to inherit from');
  return { ...certificate, held, sia, selfIssued, authorityKeyIdentifier: keyIdentifierOfIssuer(certificate) };
}

function required(certificate: Certificate, oid: string, isCritical: boolean): Extension {
  const extension = certificate.extensions.get(oid);
  if (extension === undefined) throw outsideProfile(`extension ${oid} is missing`);
  if (extension.critical !== isCritical) throw outsideProfile(`extension ${oid} must ${isCritical ? '' : 'not '}be critical`);
  return extension;
}

function requireCa(constraints: Extension, usage: Extension): void {
  const { ca, hasPathLength } = readBasicConstraints(constraints);
  if (!ca || hasPathLength) throw outsideProfile('basic constraints are not those of a CA without path length');
  const bits = readKeyUsage(usage);
  if (bits.length !== 2 || !bits.includes(KeyUsage.keyCertSign) || !bits.includes(KeyUsage.crlSign)) {
    throw outsideProfile('the key usage is not exactly certificate and CRL signing');
  }
}

function requireAnchorAccess(certificate: Certificate): void {
  if (certificate.extensions.has(Oid.authorityInfoAccess) || certificate.extensions.has(Oid.crlDistributionPoints)) {
    throw outsideProfile('a trust anchor names no issuer certificate and no CRL');
  }
  const aki = keyIdentifierOfIssuer(certificate);
  if (aki !== undefined && !aki.equals(certificate.ski)) throw outsideProfile('the authority key identifier of a trust anchor is not its own');
}

function requireSubordinateAccess(certificate: Certificate): void {
  decodeAuthorityInfoAccess(required(certificate, Oid.authorityInfoAccess, false).value);
  decodeCrlDistributionPoints(required(certificate, Oid.crlDistributionPoints, false).value);
  if (keyIdentifierOfIssuer(certificate) === undefined) throw outsideProfile('the authority key identifier is missing');
}

function keyIdentifierOfIssuer(certificate: Certificate): Buffer | undefined {
  const aki = readAuthorityKeyIdentifier(certificate.extensions);
  if (aki === undefined) return undefined;
  if (aki.keyIdentifier?.length !== 20 || aki.namesIssuer) throw outsideProfile('the authority key identifier is not one SHA-1 alone');
  return aki.keyIdentifier;
}

function heldBy(certificate: Certificate): ResourceCertificate['held'] {
  const addresses = certificate.extensions.has(Oid.ipAddrBlocks) ? decodeAddressBlocks(required(certificate, Oid.ipAddrBlocks, true).value) : {};
  const asn = certificate.extensions.has(Oid.autonomousSysIds) ? decodeAsIdentifiers(required(certificate, Oid.autonomousSysIds, true).value) : undefined;
  const held = { ...addresses, ...(asn === undefined ? {} : { asn }) };
  if (Object.keys(held).length === 0) throw outsideProfile('the certificate has no resources');
  return held;
}
