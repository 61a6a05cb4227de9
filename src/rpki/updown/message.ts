/** The messages of the up-down protocol (RFC 6492 §3) as values. */
import type { RangeSet } from '../resources/range-set.js';
import type { ResourceSet, ResourceType } from '../resources/resource-set.js';

export const upDownNamespace = 'http://www.apnic.net/specs/rescerts/up-down/';
export const upDownContentType = 'application/rpki-updown';

/** What the request asked the certificate to hold; a type left out means all of that type the parent would give. */
export type RequestedResources = Readonly<Partial<Record<ResourceType, RangeSet>>>;

export interface ListedCertificate {
  /** Where it is published; at least one rsync URI. */
  readonly urls: readonly string[];
  readonly requested: RequestedResources;
  /** DER. */
  readonly certificate: Buffer;
}

export interface ResourceClass {
  readonly className: string;
  /** Where the issuer's certificate is published: the AIA of certificates below it. */
  readonly issuerUrls: readonly string[];
  /** What the parent would certify. */
  readonly entitlement: ResourceSet;
  readonly notAfter: Date;
  readonly suggestedSiaHead?: string | undefined;
  readonly certificates: readonly ListedCertificate[];
  /** The issuer's certificate, DER. */
  readonly issuer: Buffer;
}

export interface KeyReference {
  readonly className: string;
  /** 20 octets. */
  readonly ski: Buffer;
}

export type UpDownPayload =
  | { readonly type: 'list' }
  | { readonly type: 'list_response'; readonly classes: readonly ResourceClass[] }
  | { readonly type: 'issue'; readonly className: string; readonly requested: RequestedResources; readonly csr: Buffer }
  | { readonly type: 'issue_response'; readonly issued: ResourceClass }
  | ({ readonly type: 'revoke' } & KeyReference)
  | ({ readonly type: 'revoke_response' } & KeyReference)
  | { readonly type: 'error_response'; readonly status: number; readonly description: string };

export type UpDownMessage = { readonly sender: string; readonly recipient: string } & UpDownPayload;

/** Status numbers of error_response (RFC 6492 §3.6). */
export const UpDownStatus = {
  alreadyProcessing: 1101,
  versionNumber: 1102,
  unrecognisedType: 1103,
  scheduled: 1104,
  noSuchClass: 1201,
  noResources: 1202,
  badRequest: 1203,
  keyReuse: 1204,
  revokeNoSuchClass: 1301,
  revokeNoSuchKey: 1302,
  internalError: 2001,
} as const;
