/**
 * RSA keys of the RPKI (RFC 7935: 2048 bits, exponent 65537) and of the business PKI. Generation takes a fifth of a
 * second of one processor and runs off the event loop. Private keys leave only as PKCS#8 for sealed storage.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, sign, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { DerCursor } from './der/cursor.js';
import { decodeBitString } from './der/decode.js';
import { readDer } from './der/read.js';
import { malformed, outsideProfile } from './rpki-error.js';

export interface KeyPair {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** SHA-1 of the public key bits, 20 octets (RFC 6487 §4.8.2). */
  readonly ski: Buffer;
}

const generate = promisify(generateKeyPair);

export async function generateKey(): Promise<KeyPair> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048, publicExponent: 65537 });
  return keyPairOf(privateKey);
}

/** @returns PKCS#8, base64: a secret. */
export function exportKey(key: KeyPair): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

export function importKey(pkcs8: string): KeyPair {
  return keyPairOf(createPrivateKey({ key: Buffer.from(pkcs8, 'base64'), type: 'pkcs8', format: 'der' }));
}

function keyPairOf(privateKey: KeyObject): KeyPair {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { privateKey, spki, ski: keyIdentifier(spki) };
}

/** @param spki SubjectPublicKeyInfo, DER. @throws RpkiError `malformed` */
export function keyIdentifier(spki: Buffer): Buffer {
  const info = new DerCursor(readDer(spki), 'SubjectPublicKeyInfo');
  info.next();
  const { bytes } = decodeBitString(info.next());
  info.end();
  return createHash('sha1').update(bytes).digest();
}

/** @throws RpkiError `malformed` when it is no public key, `profile` when it is not RSA of at least 2048 bits */
export function rsaPublicKey(spki: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  } catch (cause) {
    throw malformed('the public key cannot be read', { cause });
  }
  if (key.asymmetricKeyType !== 'rsa') throw outsideProfile(`the key is ${key.asymmetricKeyType ?? 'unknown'}, not RSA`);
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw outsideProfile('the RSA key is shorter than 2048 bits');
  return key;
}

/** @throws RpkiError `profile` unless the key is RSA, 2048 bits, exponent 65537 (RFC 7935 §3) */
export function requireResourceKey(spki: Buffer): void {
  const { modulusLength, publicExponent } = rsaPublicKey(spki).asymmetricKeyDetails ?? {};
  if (modulusLength !== 2048 || publicExponent !== 65537n) throw outsideProfile('the RSA key is not of 2048 bits and exponent 65537');
}

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export function signSha256(key: KeyPair, octets: Buffer): Buffer {
  return sign('sha256', octets, key.privateKey);
}

export function verifySha256(spki: Buffer, octets: Buffer, signature: Buffer): boolean {
  return verify('sha256', octets, rsaPublicKey(spki), signature);
}
