/**
 * Up-down XML as values (RFC 6492 §3). Strict: an unknown element or attribute refuses the message. In two steps,
 * because who sent it must be known before the signature can be checked, and only then does its version matter.
 */
import { malformed, RpkiError } from '../rpki-error.js';
import { attribute, base64Text, noChildren, onlyAttributes, onlyChild } from '../xml/fields.js';
import { readXml, type XmlElement } from '../xml/read.js';
import { readResourceClass, readRequested, readClassName, requestedNames } from './read-class.js';
import { upDownNamespace, type KeyReference, type UpDownMessage, type UpDownPayload } from './message.js';

export interface UpDownEnvelope {
  readonly sender: string;
  readonly recipient: string;
  readonly version: string;
  readonly type: string;
  readonly root: XmlElement;
}

/** Who writes to whom. @throws RpkiError `malformed` */
export function readUpDownEnvelope(xml: Uint8Array): UpDownEnvelope {
  const root = readXml(xml);
  if (root.namespace !== upDownNamespace || root.name !== 'message') throw malformed('not an up-down message');
  onlyAttributes(root, 'version', 'sender', 'recipient', 'type');
  return {
    sender: attribute(root, 'sender'),
    recipient: attribute(root, 'recipient'),
    version: attribute(root, 'version'),
    type: attribute(root, 'type'),
    root,
  };
}

/** @throws RpkiError `unknown-version` (1102), `unknown-type` (1103), `malformed` */
export function readUpDown({ sender, recipient, version, type, root }: UpDownEnvelope): UpDownMessage {
  if (version !== '1') throw new RpkiError('unknown-version', `up-down version ${version} is not 1`);
  return { sender, recipient, ...readPayload(type, root) };
}

function readPayload(type: string, root: XmlElement): UpDownPayload {
  switch (type) {
    case 'list':
      noChildren(root);
      return { type };
    case 'list_response':
      return { type, classes: root.children.map(readResourceClass) };
    case 'issue':
      return readIssue(onlyChild(root, 'request'));
    case 'issue_response':
      return readIssueResponse(onlyChild(root, 'class'));
    case 'revoke':
    case 'revoke_response':
      return { type, ...readKey(onlyChild(root, 'key')) };
    case 'error_response':
      return readError(root);
    default:
      throw new RpkiError('unknown-type', `up-down message type "${type}" is unknown`);
  }
}

function readIssue(request: XmlElement): UpDownPayload {
  onlyAttributes(request, 'class_name', ...requestedNames);
  return { type: 'issue', className: readClassName(request), requested: readRequested(request), csr: base64Text(request) };
}

function readIssueResponse(element: XmlElement): UpDownPayload {
  const issued = readResourceClass(element);
  if (issued.certificates.length !== 1) throw malformed('an issue response holds exactly one certificate');
  return { type: 'issue_response', issued };
}

function readKey(key: XmlElement): KeyReference {
  onlyAttributes(key, 'class_name', 'ski');
  noChildren(key);
  const text = attribute(key, 'ski');
  // 27 digits are 20 octets; some peers pad to 28
  if (!/^[A-Za-z0-9_-]{27}=?$/.test(text)) throw malformed('the key identifier is not a SHA-1 in base64url');
  return { className: readClassName(key), ski: Buffer.from(text, 'base64url') };
}

function readError(root: XmlElement): UpDownPayload {
  const [status, ...descriptions] = root.children;
  if (status?.name !== 'status' || status.namespace !== root.namespace || !/^\s*\d{4}\s*$/.test(status.text)) {
    throw malformed('an error response without a status of four digits');
  }
  if (descriptions.some((element) => element.name !== 'description' || element.namespace !== root.namespace)) {
    throw malformed('an error response holds a status and descriptions only');
  }
  return { type: 'error_response', status: Number(status.text), description: descriptions.map((element) => element.text.trim()).join(' ') };
}
