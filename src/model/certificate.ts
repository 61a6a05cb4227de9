/** One request to a parent CA, and what came of it. */

/** Canonical resource sets in the text form of RFC 6492: comma-separated, sorted, "" for none. */
export interface ResourceSets {
  readonly asn: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export type CertificateState = 'requested' | 'issued' | 'superseded' | 'revoked' | 'refused';

export interface Certificate {
  readonly id: string;
  readonly deviceId: string;
  readonly action: 'issue' | 'revoke';
  readonly className: string;
  readonly state: CertificateState;
  readonly subjectKeyIdentifier: string;
  readonly requested: ResourceSets;
  readonly issued: {
    readonly serial: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly resources: ResourceSets;
    readonly certificate: string;
    readonly uri: string;
  } | null;
  readonly error: { readonly status: number | null; readonly description: string } | null;
  readonly requestedAt: string;
  readonly answeredAt: string | null;
}
