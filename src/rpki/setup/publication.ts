/** The publisher_request and repository_response of RFC 8183 §5.2.3 and §5.2.4: where objects will be published. */
import { malformed } from '../rpki-error.js';
import type { Certificate } from '../x509/certificate.js';
import { attribute } from '../xml/fields.js';
import { readHandle, readServiceUri, readSetup, readSetupAnchor } from './read.js';

export interface PublisherRequest {
  readonly publisherHandle: string;
  readonly anchor: Certificate;
  readonly tag: string | undefined;
}

export interface RepositoryResponse {
  readonly serviceUri: string;
  readonly publisherHandle: string;
  /** rsync URI of a directory, always with the slash at its end that some repositories leave out. */
  readonly siaBase: string;
  readonly rrdpNotificationUri: string | undefined;
  readonly anchor: Certificate;
}

/** @throws RpkiError `malformed`, `profile`, `untrusted` */
export function readPublisherRequest(xml: Uint8Array | string): PublisherRequest {
  const root = readSetup(xml, 'publisher_request');
  return {
    publisherHandle: readHandle(root, 'publisher_handle'),
    anchor: readSetupAnchor(root, 'publisher_bpki_ta'),
    tag: root.attributes.get('tag'),
  };
}

/** @throws RpkiError `malformed`, `profile`, `untrusted` */
export function readRepositoryResponse(xml: Uint8Array | string): RepositoryResponse {
  const root = readSetup(xml, 'repository_response');
  const siaBase = attribute(root, 'sia_base');
  if (!siaBase.startsWith('rsync://')) throw malformed('sia_base is not an rsync URI');
  return {
    serviceUri: readServiceUri(root),
    publisherHandle: readHandle(root, 'publisher_handle'),
    siaBase: siaBase.endsWith('/') ? siaBase : `${siaBase}/`,
    rrdpNotificationUri: root.attributes.get('rrdp_notification_uri'),
    anchor: readSetupAnchor(root, 'repository_bpki_ta'),
  };
}
