/** The certificate policy of the RPKI (RFC 6484, RFC 6487 §4.8.9): exactly one, at most with a pointer to a CPS. */
import { DerCursor } from '../der/cursor.js';
import { decodeOid } from '../der/decode.js';
import { encodeOid, encodeSequence } from '../der/encode.js';
import { readDer } from '../der/read.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';

export const resourcePolicy = encodeSequence(encodeSequence(encodeOid(Oid.resourcePolicy)));

/** @throws RpkiError `malformed`, `profile` */
export function requireResourcePolicy(der: Buffer): void {
  const policies = new DerCursor(readDer(der), 'CertificatePolicies');
  const policy = new DerCursor(policies.next(), 'PolicyInformation');
  if (policies.more() || decodeOid(policy.next()) !== Oid.resourcePolicy) throw outsideProfile('the policy is not that of the RPKI alone');
  if (!policy.more()) return;
  const qualifiers = new DerCursor(policy.next(), 'policyQualifiers');
  const qualifier = new DerCursor(qualifiers.next(), 'PolicyQualifierInfo');
  if (qualifiers.more() || decodeOid(qualifier.next()) !== Oid.policyQualifierCps) throw outsideProfile('the policy has a qualifier other than one CPS');
}
