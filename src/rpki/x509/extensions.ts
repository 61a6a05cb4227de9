/** Extensions of certificates, CRLs and certification requests (RFC 5280 §4.2), and the three that all of ours carry. */
import { DerCursor } from '../der/cursor.js';
import { decodeBitString, decodeBoolean, decodeOctetString, decodeOid } from '../der/decode.js';
import { encodeBitString, encodeBoolean, encodeDer, encodeOctetString, encodeOid, encodeSequence } from '../der/encode.js';
import { readDer, type DerValue } from '../der/read.js';
import { contextPrimitive, Tag } from '../der/tags.js';
import { Oid } from '../oids.js';
import { malformed, outsideProfile } from '../rpki-error.js';

export interface Extension {
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Buffer;
}

export type Extensions = ReadonlyMap<string, Extension>;

/** @param value SEQUENCE OF Extension. @throws RpkiError `malformed`, also when one occurs twice */
export function readExtensions(value: DerValue): Extensions {
  const extensions = new Map<string, Extension>();
  const list = new DerCursor(value, 'Extensions');
  while (list.more()) {
    const members = new DerCursor(list.next(), 'Extension');
    const oid = decodeOid(members.next());
    const flag = members.optional(Tag.boolean);
    // DER leaves out the default FALSE, but anchors of Krill 0.9 that spell it out are still in use
    const critical = flag !== undefined && decodeBoolean(flag);
    const content = decodeOctetString(members.next());
    members.end();
    if (extensions.has(oid)) throw malformed(`extension ${oid} occurs twice`);
    extensions.set(oid, { critical, value: content });
  }
  return extensions;
}

export function encodeExtension(oid: string, critical: boolean, value: Buffer): Buffer {
  return encodeSequence(encodeOid(oid), ...(critical ? [encodeBoolean(true)] : []), encodeOctetString(value));
}

/** @throws RpkiError `profile` for a critical extension that is not among `known` */
export function refuseUnknownCritical(extensions: Extensions, known: ReadonlySet<string>): void {
  for (const [oid, { critical }] of extensions) {
    if (critical && !known.has(oid)) throw outsideProfile(`critical extension ${oid} is unknown`);
  }
}

export function basicConstraintsCa(): Buffer {
  return encodeExtension(Oid.basicConstraints, true, encodeSequence(encodeBoolean(true)));
}

export interface BasicConstraints {
  readonly ca: boolean;
  readonly hasPathLength: boolean;
}

export function readBasicConstraints(extension: Extension): BasicConstraints {
  const members = new DerCursor(readDer(extension.value), 'BasicConstraints');
  const flag = members.optional(Tag.boolean);
  const hasPathLength = members.optional(Tag.integer) !== undefined;
  members.end();
  return { ca: flag !== undefined && decodeBoolean(flag), hasPathLength };
}

/** Bit numbers of KeyUsage (RFC 5280 §4.2.1.3). */
export const KeyUsage = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;

/** keyCertSign and cRLSign, as every CA certificate of the RPKI has it. */
export function keyUsageCa(): Buffer {
  return encodeExtension(Oid.keyUsage, true, encodeBitString(Buffer.from([0b0000_0110]), 1));
}

/** @returns the numbers of the bits that are set, ascending */
export function readKeyUsage(extension: Extension): number[] {
  const value = readDer(extension.value);
  const { bytes, length } = decodeBitString(value);
  return Array.from({ length }, (_, bit) => bit).filter((bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

export function subjectKeyIdentifier(ski: Buffer): Buffer {
  return encodeExtension(Oid.subjectKeyIdentifier, false, encodeOctetString(ski));
}

export function authorityKeyIdentifier(issuerSki: Buffer): Buffer {
  return encodeExtension(Oid.authorityKeyIdentifier, false, encodeSequence(encodeDer(contextPrimitive(0), issuerSki)));
}

export function readSubjectKeyIdentifier(extensions: Extensions): Buffer | undefined {
  const extension = extensions.get(Oid.subjectKeyIdentifier);
  return extension && decodeOctetString(readDer(extension.value));
}

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Buffer | undefined;
  /** The issuer is named besides, which the RPKI forbids. */
  readonly namesIssuer: boolean;
}

export function readAuthorityKeyIdentifier(extensions: Extensions): AuthorityKeyIdentifier | undefined {
  const extension = extensions.get(Oid.authorityKeyIdentifier);
  if (extension === undefined) return undefined;
  const members = new DerCursor(readDer(extension.value), 'AuthorityKeyIdentifier');
  const keyIdentifier = members.optional(contextPrimitive(0))?.content;
  return { keyIdentifier, namesIssuer: members.more() };
}
