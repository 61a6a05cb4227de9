/** Writing the CMS of RFC 6492 §3.1: signed XML with one signing certificate, its issuer's CRL and a signing time. */
import { createHash } from 'node:crypto';
import { signingCredentials, type BpkiIdentity } from '../bpki/identity.js';
import { encodeDer, encodeInteger, encodeOctetString, encodeOid, encodeSequence, encodeSet, encodeTime } from '../der/encode.js';
import { contextConstructed, contextPrimitive } from '../der/tags.js';
import { signSha256, type KeyPair } from '../keys.js';
import { Oid } from '../oids.js';
import { rsaEncryption, sha256 } from '../x509/algorithm.js';

export interface CmsParts {
  readonly content: Buffer;
  readonly signingKey: KeyPair;
  /** Told to the peer, in whole seconds. */
  readonly signingTime: Date;
  /** DER; one of them is of the signing key. */
  readonly certificates: readonly Buffer[];
  /** DER. */
  readonly crls: readonly Buffer[];
}

/**
 * @param signingTime must never be earlier than in a message sent before
 * @param now for the validity of the certificate and the CRL
 * @returns DER
 */
export function signCms(identity: BpkiIdentity, content: Buffer, signingTime: Date, now: Date): Buffer {
  const { certificate, crl } = signingCredentials(identity, now);
  return buildCms({ content, signingKey: identity.signingKey, signingTime, certificates: [certificate], crls: [crl] });
}

export function buildCms({ content, signingKey, signingTime, certificates, crls }: CmsParts): Buffer {
  const attributes = encodeSet(
    attribute(Oid.contentType, encodeOid(Oid.xmlContent)),
    attribute(Oid.signingTime, encodeTime(signingTime)),
    attribute(Oid.messageDigest, encodeOctetString(createHash('sha256').update(content).digest())),
  );
  // signed as a SET, carried as [0] IMPLICIT (RFC 5652 §5.4): only the first octet differs
  const carried = Buffer.from(attributes);
  carried[0] = contextConstructed(0);
  const signerInfo = encodeSequence(
    encodeInteger(3),
    encodeDer(contextPrimitive(0), signingKey.ski),
    sha256,
    carried,
    rsaEncryption,
    encodeOctetString(signSha256(signingKey, attributes)),
  );
  const signedData = encodeSequence(
    encodeInteger(3),
    encodeSet(sha256),
    encodeSequence(encodeOid(Oid.xmlContent), encodeDer(contextConstructed(0), encodeOctetString(content))),
    encodeDer(contextConstructed(0), ...inOrder(certificates)),
    encodeDer(contextConstructed(1), ...inOrder(crls)),
    encodeSet(signerInfo),
  );
  return encodeSequence(encodeOid(Oid.signedData), encodeDer(contextConstructed(0), signedData));
}

/** SET OF, as DER wants it. */
function inOrder(members: readonly Buffer[]): Buffer[] {
  return members.toSorted((a, b) => Buffer.compare(a, b));
}

function attribute(oid: string, value: Buffer): Buffer {
  return encodeSequence(encodeOid(oid), encodeSet(value));
}
