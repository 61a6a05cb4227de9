/**
 * The peer's anchor in the business PKI, as exchanged by RFC 8183. It need not be self-signed: some registries hand out
 * an intermediate. What is trusted is the name and the key; as for any anchor, its own dates are not judged.
 */
import { Oid } from '../oids.js';
import { outsideProfile, RpkiError } from '../rpki-error.js';
import { rsaPublicKey } from '../keys.js';
import { isSignedBy } from '../x509/signed.js';
import { readCertificate, type Certificate } from '../x509/certificate.js';
import { readBasicConstraints } from '../x509/extensions.js';

/** @throws RpkiError `malformed`, `profile` when it is no CA, `untrusted` when a self-issued one is not signed by itself */
export function readAnchor(der: Uint8Array): Certificate {
  const anchor = readCertificate(der);
  rsaPublicKey(anchor.spki);
  const constraints = anchor.extensions.get(Oid.basicConstraints);
  if (constraints === undefined || !readBasicConstraints(constraints).ca) throw outsideProfile('the anchor is not a CA certificate');
  if (isSelfIssued(anchor) && !isSignedBy(anchor, anchor.spki)) throw new RpkiError('untrusted', 'the signature of the anchor is not its own');
  return anchor;
}

export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuer.equals(certificate.subject);
}
