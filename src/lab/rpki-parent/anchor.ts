/** The parent's own certificate: self-signed, for exactly the resources it has today, outliving all it issues. */
import type { KeyPair } from '../../rpki/keys.js';
import { buildTrustAnchor } from '../../rpki/resource-certificate/build.js';
import { readResourceCertificate } from '../../rpki/resource-certificate/read.js';
import { explicitResources } from '../../rpki/resource-certificate/verify.js';
import { equalResources, type ResourceSet } from '../../rpki/resources/resource-set.js';
import type { ParentState } from './state.js';

export interface AuthorityOptions {
  readonly state: ParentState;
  readonly key: KeyPair;
  readonly resources: ResourceSet;
  /** rsync URI of a directory, with the slash at its end. */
  readonly siaBase: string;
  readonly now: () => Date;
}

export interface AnchorUris {
  readonly certificate: string;
  readonly crl: string;
  readonly manifest: string;
}

const day = 24 * 60 * 60_000;
export const childLifetime = 364 * day;
const fiveMinutes = 5 * 60_000;

export function anchorUris(siaBase: string, key: KeyPair): AnchorUris {
  const name = `${siaBase}${key.ski.toString('hex').toUpperCase()}`;
  return { certificate: `${name}.cer`, crl: `${name}.crl`, manifest: `${name}.mft` };
}

/** The stored certificate where it still serves, or else a new one of the same key. @returns DER */
export function serviceableAnchor({ state, key, resources, siaBase, now }: AuthorityOptions): Buffer {
  const time = now().getTime();
  if (state.anchor !== null) {
    const anchor = readResourceCertificate(Buffer.from(state.anchor, 'base64'));
    const held = explicitResources(anchor);
    const sameResources = held !== undefined && equalResources(held, resources);
    if (sameResources && anchor.notAfter.getTime() > time + 2 * childLifetime) return anchor.der;
  }
  return buildTrustAnchor(key, {
    notBefore: new Date(time - fiveMinutes),
    notAfter: new Date(time + 10 * childLifetime),
    resources,
    sia: { caRepository: siaBase, rpkiManifest: anchorUris(siaBase, key).manifest },
  });
}
