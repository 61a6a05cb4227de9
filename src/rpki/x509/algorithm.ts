/** AlgorithmIdentifiers of RFC 7935: SHA-256 and RSA, nothing else. */
import { DerCursor } from '../der/cursor.js';
import { decodeNull, decodeOid } from '../der/decode.js';
import { encodeNull, encodeOid, encodeSequence } from '../der/encode.js';
import type { DerValue } from '../der/read.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';

export const sha256WithRsa = encodeSequence(encodeOid(Oid.sha256WithRsaEncryption), encodeNull());
/** In CMS the signature algorithm names the key only (RFC 7935 §2). */
export const rsaEncryption = encodeSequence(encodeOid(Oid.rsaEncryption), encodeNull());
/** Parameters absent (RFC 5754 §2). */
export const sha256 = encodeSequence(encodeOid(Oid.sha256));

/** Parameters may be NULL or absent. @throws RpkiError `profile` when the algorithm is none of `allowed` */
export function requireAlgorithm(value: DerValue, ...allowed: readonly string[]): void {
  const identifier = new DerCursor(value, 'AlgorithmIdentifier');
  const oid = decodeOid(identifier.next());
  if (!allowed.includes(oid)) throw outsideProfile(`algorithm ${oid} is not allowed here`);
  if (identifier.more()) decodeNull(identifier.next());
  identifier.end();
}
