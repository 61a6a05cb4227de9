/**
 * Taking apart the CMS of RFC 6492 §3.1, refusing whatever that profile does not allow. Nothing is verified here but
 * form: the content must not be believed before cms/verify.ts has seen it.
 */
import { DerCursor } from '../der/cursor.js';
import { decodeInteger, decodeOctetString, decodeOid } from '../der/decode.js';
import { readChildren, readDer, type DerValue } from '../der/read.js';
import { contextConstructed, contextPrimitive, Tag } from '../der/tags.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';
import { requireAlgorithm } from '../x509/algorithm.js';
import { readCertificate, type Certificate } from '../x509/certificate.js';
import { readCrl, type Crl } from '../x509/crl.js';
import { readSignedAttributes, type SignedAttributes } from './signed-attributes.js';

export interface CmsMessage {
  readonly content: Buffer;
  readonly certificates: readonly Certificate[];
  readonly crls: readonly Crl[];
  /** SKI of the certificate that signed. */
  readonly signer: Buffer;
  readonly attributes: SignedAttributes;
  readonly signature: Buffer;
}

/** @throws RpkiError `malformed`, `profile` */
export function readCms(der: Uint8Array): CmsMessage {
  const contentInfo = new DerCursor(readDer(der), 'ContentInfo');
  if (decodeOid(contentInfo.next()) !== Oid.signedData) throw outsideProfile('the message is not CMS signed data');
  const wrapped = new DerCursor(contentInfo.next(), 'ContentInfo', contextConstructed(0));
  const data = new DerCursor(wrapped.next(), 'SignedData');
  wrapped.end();
  contentInfo.end();

  if (decodeInteger(data.next()) !== 3n) throw outsideProfile('SignedData is not of version 3');
  requireAlgorithm(only(data.next(Tag.set), 'digest algorithm'), Oid.sha256);
  const content = readContent(data.next());
  const certificates = readChildren(data.next(contextConstructed(0))).map((value) => readCertificate(value.raw));
  const crls = readChildren(data.next(contextConstructed(1))).map((value) => readCrl(value.raw));
  const signerInfo = readSignerInfo(only(data.next(Tag.set), 'signer'));
  data.end();
  return { content, certificates, crls, ...signerInfo };
}

function readContent(value: DerValue): Buffer {
  const encapsulated = new DerCursor(value, 'EncapsulatedContentInfo');
  if (decodeOid(encapsulated.next()) !== Oid.xmlContent) throw outsideProfile('the content is not RPKI XML');
  const wrapped = new DerCursor(encapsulated.next(), 'eContent', contextConstructed(0));
  const content = decodeOctetString(wrapped.next());
  wrapped.end();
  encapsulated.end();
  return content;
}

function readSignerInfo(value: DerValue): Pick<CmsMessage, 'signer' | 'attributes' | 'signature'> {
  const info = new DerCursor(value, 'SignerInfo');
  if (decodeInteger(info.next()) !== 3n) throw outsideProfile('SignerInfo is not of version 3');
  const signer = info.next(contextPrimitive(0)).content;
  requireAlgorithm(info.next(), Oid.sha256);
  const attributes = readSignedAttributes(info.next(contextConstructed(0)));
  requireAlgorithm(info.next(), Oid.rsaEncryption, Oid.sha256WithRsaEncryption);
  const signature = decodeOctetString(info.next());
  info.end(); // unsigned attributes are not allowed
  return { signer, attributes, signature };
}

function only(set: DerValue, what: string): DerValue {
  const [member, ...others] = readChildren(set);
  if (member === undefined || others.length > 0) throw outsideProfile(`the message has not exactly one ${what}`);
  return member;
}
