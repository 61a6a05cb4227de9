/** Believing a CMS message: signature, chain to the peer's anchor with CRL, and the replay rule of RFC 6492 §3.1.2. */
import { createHash } from 'node:crypto';
import { verifyChain } from '../bpki/chain.js';
import { verifySha256 } from '../keys.js';
import { Oid } from '../oids.js';
import { outsideProfile, RpkiError } from '../rpki-error.js';
import type { Certificate } from '../x509/certificate.js';
import { readBasicConstraints } from '../x509/extensions.js';
import type { CmsMessage } from './read.js';

/** @throws RpkiError `untrusted`, `expired`, `revoked`, `profile` */
export function verifyCms(message: CmsMessage, anchor: Certificate, now: Date): void {
  const signer = message.certificates.find((certificate) => certificate.ski.equals(message.signer));
  if (signer === undefined) throw new RpkiError('untrusted', 'the certificate that signed is not in the message');
  const intermediates = message.certificates.filter((certificate) => certificate !== signer);
  if (!intermediates.every(isCa)) throw outsideProfile('the message carries more than one signing certificate');
  const digest = createHash('sha256').update(message.content).digest();
  if (!digest.equals(message.attributes.messageDigest)) throw new RpkiError('untrusted', 'the content is not what was signed');
  if (!verifySha256(signer.spki, message.attributes.signedOctets, message.signature)) {
    throw new RpkiError('untrusted', 'the signature of the message is wrong');
  }
  verifyChain({ signer, intermediates, crls: message.crls }, anchor, now);
}

/**
 * Two messages within one second have the same signing time, so equal is accepted.
 * @param last signing time of the last message accepted from this peer. @throws RpkiError `replayed`
 */
export function requireNotReplayed(signingTime: Date, last: Date | undefined): void {
  if (last !== undefined && signingTime < last) {
    throw new RpkiError('replayed', `the message was signed at ${signingTime.toISOString()}, before one already accepted (${last.toISOString()})`);
  }
}

function isCa(certificate: Certificate): boolean {
  const constraints = certificate.extensions.get(Oid.basicConstraints);
  return constraints !== undefined && readBasicConstraints(constraints).ca;
}
