/**
 * What all messages of RFC 8183 share, read tolerantly as deployed peers need it: a namespace without its last slash,
 * prefixes, wrapped base64, attributes of older drafts. Handles and anchors are checked all the same.
 */
import { readAnchor } from '../bpki/anchor.js';
import { malformed, outsideProfile } from '../rpki-error.js';
import type { Certificate } from '../x509/certificate.js';
import { attribute, base64Text } from '../xml/fields.js';
import { readXml, type XmlElement } from '../xml/read.js';

export const setupNamespace = 'http://www.hactrn.net/uris/rpki/rpki-setup/';

/** @param names the element's name, then those it had in older drafts. @throws RpkiError `malformed`, `profile` */
export function readSetup(xml: Uint8Array | string, ...names: readonly string[]): XmlElement {
  const root = readXml(xml);
  if (`${root.namespace.replace(/\/$/, '')}/` !== setupNamespace) throw malformed('not a message of the RPKI setup protocol');
  if (!names.includes(root.name)) throw malformed(`<${root.name}> where <${names[0]}> belongs`);
  if (attribute(root, 'version') !== '1') throw outsideProfile('the setup message is not of version 1');
  return root;
}

/** @throws RpkiError `malformed` */
export function readHandle(root: XmlElement, name: string): string {
  const handle = attribute(root, name);
  if (!isHandle(handle)) throw malformed(`${name} is not of 1 to 255 letters, digits, "-", "_" or "/"`);
  return handle;
}

export function isHandle(text: string): boolean {
  return /^[-_A-Za-z0-9/]{1,255}$/.test(text);
}

/** @throws RpkiError `malformed`, `profile`, `untrusted` */
export function readSetupAnchor(root: XmlElement, name: string): Certificate {
  const element = root.children.find((child) => child.name === name && child.namespace === root.namespace);
  if (element === undefined) throw malformed(`<${root.name}> holds no <${name}>`);
  return readAnchor(base64Text(element));
}

/** @throws RpkiError `malformed` */
export function readServiceUri(root: XmlElement): string {
  const uri = attribute(root, 'service_uri');
  if (!/^https?:\/\/[^\s]+$/.test(uri) || !URL.canParse(uri)) throw malformed('service_uri is not an HTTP URI');
  return uri;
}
