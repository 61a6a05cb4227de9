/** Reading a PKCS#10 (RFC 2986) and judging whether a CA may ask with it (RFC 6487 §6). The subject means nothing. */
import { DerCursor } from '../der/cursor.js';
import { decodeInteger, decodeOid } from '../der/decode.js';
import { contextConstructed, Tag } from '../der/tags.js';
import { requireResourceKey } from '../keys.js';
import { Oid } from '../oids.js';
import { outsideProfile, RpkiError } from '../rpki-error.js';
import { decodeSubjectInfoAccess, type SubjectInfoAccess } from '../resource-certificate/access.js';
import { KeyUsage, readBasicConstraints, readExtensions, readKeyUsage, type Extensions } from '../x509/extensions.js';
import { isSignedBy, readSigned, type Signed } from '../x509/signed.js';

export interface CertificationRequest extends Signed {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly extensions: Extensions;
}

/** Verifies the proof of possession. @throws RpkiError `malformed`, `profile` (also for keys other than RSA-2048), `untrusted` */
export function readRequest(der: Uint8Array): CertificationRequest {
  const signed = readSigned(der, 'CertificationRequest');
  const info = new DerCursor(signed.toBeSigned, 'CertificationRequestInfo');
  if (decodeInteger(info.next()) !== 0n) throw outsideProfile('the request is not of version 0');
  info.next(Tag.sequence);
  const spki = info.next(Tag.sequence).raw;
  const attributes = new DerCursor(info.next(), 'attributes', contextConstructed(0));
  info.end();
  const attribute = new DerCursor(attributes.next(), 'Attribute');
  if (attributes.more() || decodeOid(attribute.next()) !== Oid.extensionRequest) {
    throw outsideProfile('the request has attributes other than its extensions');
  }
  const values = new DerCursor(attribute.next(), 'extensionRequest', Tag.set);
  const extensions = readExtensions(values.next());
  values.end();
  attribute.end();
  requireResourceKey(spki);
  if (!isSignedBy(signed, spki)) throw new RpkiError('untrusted', 'the request is not signed by the key it asks for');
  return { ...signed, spki, extensions };
}

/** @returns where the CA will publish. @throws RpkiError `profile` when it is no request for a CA certificate */
export function requireCaRequest({ extensions }: CertificationRequest): SubjectInfoAccess {
  const allowed: readonly string[] = [Oid.basicConstraints, Oid.keyUsage, Oid.subjectInfoAccess];
  const other = [...extensions.keys()].find((oid) => !allowed.includes(oid));
  if (other !== undefined) throw outsideProfile(`extension ${other} does not belong in a request`);
  const constraints = extensions.get(Oid.basicConstraints);
  if (constraints === undefined || !readBasicConstraints(constraints).ca) throw outsideProfile('the request is not for a CA');
  const usage = extensions.get(Oid.keyUsage);
  const bits = usage === undefined ? [] : readKeyUsage(usage);
  if (usage !== undefined && !(bits.includes(KeyUsage.keyCertSign) && bits.includes(KeyUsage.crlSign))) {
    throw outsideProfile('the key usage asked for is not that of a CA');
  }
  const access = extensions.get(Oid.subjectInfoAccess);
  if (access === undefined) throw outsideProfile('the request does not say where the CA publishes');
  const sia = decodeSubjectInfoAccess(access.value);
  if (!sia.caRepository.endsWith('/') || !sia.rpkiManifest.startsWith(sia.caRepository)) {
    throw outsideProfile('the repository is not a directory that holds the manifest');
  }
  return sia;
}
