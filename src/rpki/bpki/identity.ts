/**
 * Our side of the business PKI (RFC 8183 §3, RFC 6492 §3.1): a self-signed anchor the peer is told once, and one
 * signing key under it. The certificate of the signing key is made anew for every message and lives a day.
 */
import { buildCertificate, readCertificate } from '../x509/certificate.js';
import { authorityKeyIdentifier, basicConstraintsCa, encodeExtension, keyUsageCa, subjectKeyIdentifier } from '../x509/extensions.js';
import { buildCrl } from '../x509/crl.js';
import { nameOfKey } from '../x509/name.js';
import { encodeBitString } from '../der/encode.js';
import { exportKey, generateKey, importKey, type KeyPair } from '../keys.js';
import { Oid } from '../oids.js';

export interface BpkiIdentity {
  readonly anchorKey: KeyPair;
  /** The anchor's certificate, DER. */
  readonly anchor: Buffer;
  readonly signingKey: KeyPair;
}

/** All base64; the keys are secrets. */
export interface StoredIdentity {
  readonly anchorKey: string;
  readonly anchor: string;
  readonly signingKey: string;
}

const fiveMinutes = 5 * 60_000;
const oneDay = 24 * 60 * 60_000;
const anchorYears = 20;

/** Takes two key generations, about half a second. */
export async function createIdentity(now: Date): Promise<BpkiIdentity> {
  const [anchorKey, signingKey] = await Promise.all([generateKey(), generateKey()]);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + anchorYears);
  const name = nameOfKey(anchorKey.ski);
  const anchor = buildCertificate(anchorKey, {
    issuer: name,
    subject: name,
    notBefore: new Date(now.getTime() - fiveMinutes),
    notAfter,
    spki: anchorKey.spki,
    extensions: [basicConstraintsCa(), subjectKeyIdentifier(anchorKey.ski), authorityKeyIdentifier(anchorKey.ski), keyUsageCa()],
  });
  return { anchorKey, anchor, signingKey };
}

export function storeIdentity(identity: BpkiIdentity): StoredIdentity {
  return { anchorKey: exportKey(identity.anchorKey), anchor: identity.anchor.toString('base64'), signingKey: exportKey(identity.signingKey) };
}

export function restoreIdentity(stored: StoredIdentity): BpkiIdentity {
  return { anchorKey: importKey(stored.anchorKey), anchor: Buffer.from(stored.anchor, 'base64'), signingKey: importKey(stored.signingKey) };
}

/** The certificate and CRL one message carries: valid from five minutes ago, so that clocks may differ a little. */
export function signingCredentials(identity: BpkiIdentity, now: Date): { certificate: Buffer; crl: Buffer } {
  const issuer = readCertificate(identity.anchor).subject;
  const notBefore = new Date(now.getTime() - fiveMinutes);
  const notAfter = new Date(now.getTime() + oneDay);
  const certificate = buildCertificate(identity.anchorKey, {
    issuer,
    subject: nameOfKey(identity.signingKey.ski),
    notBefore,
    notAfter,
    spki: identity.signingKey.spki,
    extensions: [
      subjectKeyIdentifier(identity.signingKey.ski),
      authorityKeyIdentifier(identity.anchorKey.ski),
      encodeExtension(Oid.keyUsage, true, encodeBitString(Buffer.from([0x80]), 7)),
    ],
  });
  // the clock numbers the CRLs: they only have to ascend
  const crl = buildCrl(identity.anchorKey, { issuer, number: BigInt(now.getTime()), thisUpdate: notBefore, nextUpdate: notAfter, revoked: [] });
  return { certificate, crl };
}
