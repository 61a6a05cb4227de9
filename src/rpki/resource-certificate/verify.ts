/** Whether a resource certificate holds under its issuer: name, signature, key, time and resources (RFC 6487 §7.2). */
import { containsSet, emptySet } from '../resources/range-set.js';
import { resourceTypes, type ResourceSet, type ResourceType } from '../resources/resource-set.js';
import { RpkiError } from '../rpki-error.js';
import { requireCurrent, requireIssuedBy } from '../x509/certificate.js';
import type { ResourceCertificate } from './read.js';

/** @throws RpkiError `untrusted`, `expired`. Revocation is for whoever has the issuer's CRL. */
export function requireValidUnder(certificate: ResourceCertificate, issuer: ResourceCertificate, now: Date): void {
  requireIssuedBy(certificate, issuer);
  const aki = certificate.authorityKeyIdentifier ?? certificate.ski;
  if (!aki.equals(issuer.ski)) throw new RpkiError('untrusted', 'the authority key identifier is not that of the issuer');
  requireCurrent(certificate, now);
  const overclaimed = resourceTypes.find((type) => !mayHold(certificate, issuer, type));
  if (overclaimed !== undefined) throw new RpkiError('untrusted', `the certificate claims ${overclaimed} its issuer does not hold`);
}

/** The resources themselves, where the certificate names them all. @returns undefined when it inherits any */
export function explicitResources({ held }: ResourceCertificate): ResourceSet | undefined {
  const { asn = emptySet, ipv4 = emptySet, ipv6 = emptySet } = held;
  return asn === 'inherit' || ipv4 === 'inherit' || ipv6 === 'inherit' ? undefined : { asn, ipv4, ipv6 };
}

function mayHold(certificate: ResourceCertificate, issuer: ResourceCertificate, type: ResourceType): boolean {
  const claimed = certificate.held[type];
  const available = issuer.held[type];
  if (claimed === undefined) return true;
  if (available === undefined) return false;
  // an issuer that inherits is bounded by its own issuer, which is not at hand
  if (claimed === 'inherit' || available === 'inherit') return true;
  return containsSet(available, claimed);
}
