/** The child_request of RFC 8183 §5.2.1: a child tells its parent its name and its anchor. */
import type { Certificate } from '../x509/certificate.js';
import { xmlElement } from '../xml/write.js';
import { readHandle, readSetup, readSetupAnchor, setupNamespace } from './read.js';

export interface ChildRequest {
  /** What the child calls itself; the parent may answer with another. */
  readonly childHandle: string;
  readonly anchor: Certificate;
  readonly tag: string | undefined;
}

/** @param anchor DER of the child's anchor */
export function writeChildRequest(childHandle: string, anchor: Buffer, tag?: string): string {
  const attributes = { xmlns: setupNamespace, version: '1', child_handle: childHandle, tag };
  return `${xmlElement('child_request', attributes, xmlElement('child_bpki_ta', {}, anchor.toString('base64')))}\n`;
}

/** @throws RpkiError `malformed`, `profile`, `untrusted` */
export function readChildRequest(xml: Uint8Array | string): ChildRequest {
  const root = readSetup(xml, 'child_request', 'identity');
  return {
    childHandle: readHandle(root, 'child_handle'),
    anchor: readSetupAnchor(root, 'child_bpki_ta'),
    tag: root.attributes.get('tag'),
  };
}
