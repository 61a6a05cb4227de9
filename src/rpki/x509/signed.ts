/** SIGNED{…} of X.509: the octets signed, the algorithm and the signature, shared by certificates, CRLs and PKCS#10. */
import { DerCursor } from '../der/cursor.js';
import { decodeBitString } from '../der/decode.js';
import { encodeBitString, encodeSequence } from '../der/encode.js';
import { readDer, type DerValue } from '../der/read.js';
import { Oid } from '../oids.js';
import { signSha256, verifySha256, type KeyPair } from '../keys.js';
import { requireAlgorithm, sha256WithRsa } from './algorithm.js';

export interface Signed {
  /** The whole structure as it came. */
  readonly der: Buffer;
  readonly toBeSigned: DerValue;
  readonly algorithm: DerValue;
  readonly signature: Buffer;
}

/** @throws RpkiError `malformed`, or `profile` for any algorithm but sha256WithRSAEncryption */
export function readSigned(der: Uint8Array, what: string): Signed {
  const outer = readDer(der);
  const members = new DerCursor(outer, what);
  const toBeSigned = members.next();
  const algorithm = members.next();
  const signature = decodeBitString(members.next()).bytes;
  members.end();
  requireAlgorithm(algorithm, Oid.sha256WithRsaEncryption);
  return { der: outer.raw, toBeSigned, algorithm, signature };
}

export function signedBy(key: KeyPair, toBeSigned: Buffer): Buffer {
  return encodeSequence(toBeSigned, sha256WithRsa, encodeBitString(signSha256(key, toBeSigned)));
}

export function isSignedBy(signed: Signed, spki: Buffer): boolean {
  return verifySha256(spki, signed.toBeSigned.raw, signed.signature);
}
