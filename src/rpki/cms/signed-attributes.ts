/** Signed attributes of RFC 6492 §3.1.1.6.4: content type, message digest and a time, each once with one value. */
import { DerCursor } from '../der/cursor.js';
import { decodeInteger, decodeOctetString, decodeOid, decodeTime } from '../der/decode.js';
import { readChildren, type DerValue } from '../der/read.js';
import { Tag } from '../der/tags.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';

export interface SignedAttributes {
  /** The octets the signature is over. */
  readonly signedOctets: Buffer;
  readonly messageDigest: Buffer;
  readonly signingTime: Date;
}

const allowed: ReadonlySet<string> = new Set([Oid.contentType, Oid.messageDigest, Oid.signingTime, Oid.binarySigningTime]);

/** @param value the [0] IMPLICIT SET OF Attribute of a SignerInfo. @throws RpkiError `malformed`, `profile` */
export function readSignedAttributes(value: DerValue): SignedAttributes {
  const values = new Map<string, DerValue>();
  for (const child of readChildren(value)) {
    const attribute = new DerCursor(child, 'Attribute');
    const oid = decodeOid(attribute.next());
    const [single, ...others] = readChildren(attribute.next(Tag.set));
    attribute.end();
    if (!allowed.has(oid) || values.has(oid)) throw outsideProfile(`signed attribute ${oid} is not allowed, or twice`);
    if (single === undefined || others.length > 0) throw outsideProfile(`signed attribute ${oid} has not exactly one value`);
    values.set(oid, single);
  }
  const contentType = values.get(Oid.contentType);
  const digest = values.get(Oid.messageDigest);
  if (contentType === undefined || digest === undefined) throw outsideProfile('content type or message digest is not signed');
  if (decodeOid(contentType) !== Oid.xmlContent) throw outsideProfile('the signed content type is not RPKI XML');
  const signedOctets = Buffer.from(value.raw);
  signedOctets[0] = Tag.set;
  return { signedOctets, messageDigest: decodeOctetString(digest), signingTime: timeOf(values) };
}

function timeOf(values: ReadonlyMap<string, DerValue>): Date {
  const time = values.get(Oid.signingTime);
  const binary = values.get(Oid.binarySigningTime);
  const decoded = time && decodeTime(time);
  const decodedBinary = binary && new Date(Number(decodeInteger(binary)) * 1000); // RFC 6019: seconds of POSIX
  const either = decoded ?? decodedBinary;
  if (either === undefined) throw outsideProfile('no signing time is signed');
  if (decodedBinary !== undefined && decodedBinary.getTime() !== either.getTime()) throw outsideProfile('the two signing times differ');
  return either;
}
