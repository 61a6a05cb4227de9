/** Resource certificates of CAs (RFC 6487 §4), trust anchors included. Never issues one without resources. */
import { encodeAddressBlocks } from '../resources/address-blocks.js';
import { encodeAsIdentifiers } from '../resources/as-identifiers.js';
import { isEmpty, type ResourceSet } from '../resources/resource-set.js';
import { keyIdentifier, type KeyPair } from '../keys.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';
import { buildCertificate } from '../x509/certificate.js';
import { authorityKeyIdentifier, basicConstraintsCa, encodeExtension, keyUsageCa, subjectKeyIdentifier } from '../x509/extensions.js';
import { nameOfKey } from '../x509/name.js';
import { encodeAuthorityInfoAccess, encodeCrlDistributionPoint, encodeSubjectInfoAccess, type SubjectInfoAccess } from './access.js';
import { resourcePolicy } from './policy.js';

export interface CaCertificateFields {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly resources: ResourceSet;
  readonly sia: SubjectInfoAccess;
}

export interface SubordinateFields extends CaCertificateFields {
  /** SubjectPublicKeyInfo of the subject, DER. */
  readonly spki: Buffer;
  /** rsync URI of the issuer's CRL. */
  readonly crlUri: string;
  /** rsync URI of the issuer's certificate. */
  readonly issuerUri: string;
}

/** A self-signed certificate: no AIA, no CRL distribution point. */
export function buildTrustAnchor(key: KeyPair, fields: CaCertificateFields): Buffer {
  return build(key, key.spki, fields, []);
}

/** @param issuerKey of a CA whose subject is the name of its key, as all of ours. @throws RpkiError `profile` */
export function buildCaCertificate(issuerKey: KeyPair, fields: SubordinateFields): Buffer {
  return build(issuerKey, fields.spki, fields, [
    authorityKeyIdentifier(issuerKey.ski),
    encodeExtension(Oid.crlDistributionPoints, false, encodeCrlDistributionPoint(fields.crlUri)),
    encodeExtension(Oid.authorityInfoAccess, false, encodeAuthorityInfoAccess(fields.issuerUri)),
  ]);
}

function build(issuerKey: KeyPair, spki: Buffer, fields: CaCertificateFields, extensions: readonly Buffer[]): Buffer {
  const { resources } = fields;
  if (isEmpty(resources)) throw outsideProfile('a certificate without resources is never issued');
  const ski = keyIdentifier(spki);
  const hasAddresses = resources.ipv4.length + resources.ipv6.length > 0;
  return buildCertificate(issuerKey, {
    issuer: nameOfKey(issuerKey.ski),
    subject: nameOfKey(ski),
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    spki,
    extensions: [
      basicConstraintsCa(),
      subjectKeyIdentifier(ski),
      keyUsageCa(),
      ...extensions,
      encodeExtension(Oid.subjectInfoAccess, false, encodeSubjectInfoAccess(fields.sia)),
      encodeExtension(Oid.certificatePolicies, true, resourcePolicy),
      ...(hasAddresses ? [encodeExtension(Oid.ipAddrBlocks, true, encodeAddressBlocks(resources))] : []),
      ...(resources.asn.length > 0 ? [encodeExtension(Oid.autonomousSysIds, true, encodeAsIdentifiers(resources.asn))] : []),
    ],
  });
}
