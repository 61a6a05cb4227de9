/**
 * Where things are published: the authority and subject information access of RFC 6487 §4.8.7 and §4.8.8, and the CRL
 * distribution points of §4.8.6. Locations that are no URI are passed over; methods that do not belong are refused.
 */
import { DerCursor } from '../der/cursor.js';
import { decodeOid } from '../der/decode.js';
import { encodeDer, encodeOid, encodeSequence } from '../der/encode.js';
import { readDer } from '../der/read.js';
import { contextConstructed, contextPrimitive } from '../der/tags.js';
import { Oid } from '../oids.js';
import { outsideProfile } from '../rpki-error.js';

/** Where a CA publishes. */
export interface SubjectInfoAccess {
  /** rsync URI of a directory, with the slash at its end. */
  readonly caRepository: string;
  /** rsync URI inside that directory. */
  readonly rpkiManifest: string;
  /** https URI of the RRDP notification file (RFC 8182). */
  readonly rpkiNotify?: string | undefined;
}

const uriTag = contextPrimitive(6);

export function encodeSubjectInfoAccess(sia: SubjectInfoAccess): Buffer {
  return encodeSequence(
    accessDescription(Oid.caRepository, sia.caRepository),
    accessDescription(Oid.rpkiManifest, sia.rpkiManifest),
    ...(sia.rpkiNotify === undefined ? [] : [accessDescription(Oid.rpkiNotify, sia.rpkiNotify)]),
  );
}

/** @throws RpkiError `malformed`, `profile` unless there are a repository and a manifest by rsync */
export function decodeSubjectInfoAccess(der: Buffer): SubjectInfoAccess {
  const uris = readDescriptions(der, [Oid.caRepository, Oid.rpkiManifest, Oid.rpkiNotify]);
  const rsync = (method: string): string | undefined => uris.find((entry) => entry.method === method && isRsync(entry.uri))?.uri;
  const caRepository = rsync(Oid.caRepository);
  const rpkiManifest = rsync(Oid.rpkiManifest);
  const rpkiNotify = uris.find((entry) => entry.method === Oid.rpkiNotify && entry.uri.startsWith('https://'))?.uri;
  if (caRepository === undefined || rpkiManifest === undefined) {
    throw outsideProfile('the subject information access lacks a repository or a manifest by rsync');
  }
  return { caRepository, rpkiManifest, rpkiNotify };
}

export function encodeAuthorityInfoAccess(uri: string): Buffer {
  return encodeSequence(accessDescription(Oid.caIssuers, uri));
}

/** @returns the URIs of the issuer's certificate, at least one by rsync */
export function decodeAuthorityInfoAccess(der: Buffer): string[] {
  return requireRsync(readDescriptions(der, [Oid.caIssuers]).map(({ uri }) => uri), 'authority information access');
}

export function encodeCrlDistributionPoint(uri: string): Buffer {
  const fullName = encodeDer(contextConstructed(0), encodeUri(uri));
  return encodeSequence(encodeSequence(encodeDer(contextConstructed(0), fullName)));
}

/** @returns the URIs of the issuer's CRL, at least one by rsync. @throws RpkiError also for reasons or a CRL issuer */
export function decodeCrlDistributionPoints(der: Buffer): string[] {
  const uris: string[] = [];
  const points = new DerCursor(readDer(der), 'CRLDistributionPoints');
  while (points.more()) {
    const point = new DerCursor(points.next(), 'DistributionPoint');
    const name = new DerCursor(point.next(contextConstructed(0)), 'DistributionPointName', contextConstructed(0));
    const fullName = new DerCursor(name.next(contextConstructed(0)), 'fullName', contextConstructed(0));
    while (fullName.more()) uris.push(fullName.next(uriTag).content.toString('latin1'));
    name.end();
    if (point.more()) throw outsideProfile('a CRL distribution point with reasons or an issuer of its own');
  }
  return requireRsync(uris, 'CRL distribution points');
}

function readDescriptions(der: Buffer, methods: readonly string[]): { method: string; uri: string }[] {
  const found: { method: string; uri: string }[] = [];
  const descriptions = new DerCursor(readDer(der), 'AccessDescriptions');
  while (descriptions.more()) {
    const description = new DerCursor(descriptions.next(), 'AccessDescription');
    const method = decodeOid(description.next());
    const location = description.next();
    description.end();
    if (!methods.includes(method)) throw outsideProfile(`access method ${method} does not belong here`);
    if (location.tag === uriTag) found.push({ method, uri: location.content.toString('latin1') });
  }
  return found;
}

function requireRsync(uris: string[], what: string): string[] {
  if (!uris.some(isRsync)) throw outsideProfile(`the ${what} names no rsync URI`);
  return uris;
}

function isRsync(uri: string): boolean {
  return uri.startsWith('rsync://');
}

function accessDescription(method: string, uri: string): Buffer {
  return encodeSequence(encodeOid(method), encodeUri(uri));
}

function encodeUri(uri: string): Buffer {
  return encodeDer(uriTag, Buffer.from(uri, 'latin1'));
}
