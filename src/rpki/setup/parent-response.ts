/** The parent_response of RFC 8183 §5.2.2: where to ask, under which names, and whom to believe. Offers are not used. */
import type { Certificate } from '../x509/certificate.js';
import { xmlElement } from '../xml/write.js';
import { readHandle, readServiceUri, readSetup, readSetupAnchor, setupNamespace } from './read.js';

export interface ParentResponse {
  /** Where up-down messages are posted. */
  readonly serviceUri: string;
  /** The sender of our messages: the parent's word is final. */
  readonly childHandle: string;
  /** The recipient of our messages. */
  readonly parentHandle: string;
  readonly anchor: Certificate;
}

/** @param anchor DER of the parent's anchor. @param tag of the child_request, echoed */
export function writeParentResponse(response: Omit<ParentResponse, 'anchor'> & { anchor: Buffer; tag?: string | undefined }): string {
  const attributes = {
    xmlns: setupNamespace,
    version: '1',
    service_uri: response.serviceUri,
    child_handle: response.childHandle,
    parent_handle: response.parentHandle,
    tag: response.tag,
  };
  return `${xmlElement('parent_response', attributes, xmlElement('parent_bpki_ta', {}, response.anchor.toString('base64')))}\n`;
}

/** @throws RpkiError `malformed`, `profile`, `untrusted` */
export function readParentResponse(xml: Uint8Array | string): ParentResponse {
  const root = readSetup(xml, 'parent_response');
  return {
    serviceUri: readServiceUri(root),
    childHandle: readHandle(root, 'child_handle'),
    parentHandle: readHandle(root, 'parent_handle'),
    anchor: readSetupAnchor(root, 'parent_bpki_ta'),
  };
}
