/** Certificate revocation lists, version 2 (RFC 5280 §5, RFC 6487 §5). Delta and indirect lists are refused. */
import { DerCursor } from '../der/cursor.js';
import { decodeInteger, decodeTime } from '../der/decode.js';
import { encodeDer, encodeInteger, encodeSequence, encodeTime } from '../der/encode.js';
import { contextConstructed, Tag } from '../der/tags.js';
import type { KeyPair } from '../keys.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';
import { sha256WithRsa } from './algorithm.js';
import { authorityKeyIdentifier, encodeExtension, readExtensions, refuseUnknownCritical } from './extensions.js';
import { readSigned, signedBy, type Signed } from './signed.js';

export interface Crl extends Signed {
  /** The name as its DER. */
  readonly issuer: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: ReadonlySet<bigint>;
}

/** @throws RpkiError `malformed`, `profile` */
export function readCrl(der: Uint8Array): Crl {
  const signed = readSigned(der, 'CertificateList');
  const tbs = new DerCursor(signed.toBeSigned, 'TBSCertList');
  if (decodeInteger(tbs.next()) !== 1n) throw outsideProfile('the CRL is not of version 2');
  if (!tbs.next().raw.equals(signed.algorithm.raw)) throw outsideProfile('the two signature algorithms of the CRL differ');
  const issuer = tbs.next(Tag.sequence).raw;
  const thisUpdate = decodeTime(tbs.next());
  const nextUpdate = decodeTime(tbs.next());
  const revoked = new Set<bigint>();
  const list = tbs.optional(Tag.sequence);
  if (list !== undefined) {
    const entries = new DerCursor(list, 'revokedCertificates');
    while (entries.more()) revoked.add(decodeInteger(new DerCursor(entries.next(), 'CRL entry').next()));
  }
  const wrapped = tbs.optional(contextConstructed(0));
  if (wrapped !== undefined) {
    refuseUnknownCritical(readExtensions(new DerCursor(wrapped, 'crlExtensions', contextConstructed(0)).next()), new Set());
  }
  tbs.end();
  return { ...signed, issuer, thisUpdate, nextUpdate, revoked };
}

export interface CrlFields {
  /** The name of the issuer as its DER. */
  readonly issuer: Buffer;
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly { serial: bigint; at: Date }[];
}

export function buildCrl(issuerKey: KeyPair, fields: CrlFields): Buffer {
  const entries = fields.revoked.map(({ serial, at }) => encodeSequence(encodeInteger(serial), encodeTime(at)));
  const extensions = [authorityKeyIdentifier(issuerKey.ski), encodeExtension(Oid.crlNumber, false, encodeInteger(fields.number))];
  const toBeSigned = encodeSequence(
    encodeInteger(1),
    sha256WithRsa,
    fields.issuer,
    encodeTime(fields.thisUpdate),
    encodeTime(fields.nextUpdate),
    ...(entries.length > 0 ? [encodeSequence(...entries)] : []),
    encodeDer(contextConstructed(0), encodeSequence(...extensions)),
  );
  return signedBy(issuerKey, toBeSigned);
}
