/**
 * XML as a small tree, by a namespace-aware parser. Refuses document types (and with them entities), more than a
 * mebibyte, deep nesting and text between elements: none of the RPKI's messages has those.
 */
import { SaxesParser } from 'saxes';
import { malformed } from '../rpki-error.js';

export interface XmlElement {
  readonly namespace: string;
  /** Without prefix. */
  readonly name: string;
  /** By local name; those in a namespace by `{namespace}name`. Namespace declarations are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** "" when there are children. */
  readonly text: string;
}

const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';
const largestDocument = 1024 * 1024;
const deepest = 8;

interface Growing extends XmlElement {
  children: Growing[];
  text: string;
}

/** @throws RpkiError `malformed` */
export function readXml(document: Uint8Array | string): XmlElement {
  const text = typeof document === 'string' ? document : decode(document);
  if (text.length > largestDocument) throw malformed('the XML is larger than a mebibyte');
  const open: Growing[] = [];
  let root: Growing | undefined;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (cause) => {
    throw malformed(`not well-formed XML: ${cause.message}`);
  });
  parser.on('doctype', () => {
    throw malformed('XML with a document type is refused');
  });
  parser.on('opentag', (tag) => {
    const attributes = new Map<string, string>();
    for (const { uri, local, value } of Object.values(tag.attributes)) {
      if (uri !== xmlnsNamespace) attributes.set(uri === '' ? local : `{${uri}}${local}`, value);
    }
    const element: Growing = { namespace: tag.uri, name: tag.local, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
    if (open.length > deepest) throw malformed('the XML is nested too deep');
    root ??= element;
  });
  const onText = (chunk: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += chunk;
  };
  parser.on('text', onText);
  parser.on('cdata', onText);
  parser.on('closetag', () => {
    const element = open.pop();
    if (element === undefined || element.children.length === 0) return;
    if (element.text.trim() !== '') throw malformed(`text beside elements in <${element.name}>`);
    element.text = '';
  });
  parser.write(text.startsWith('\uFEFF') ? text.slice(1) : text).close();
  if (root === undefined) throw malformed('the XML has no element');
  return root;
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > largestDocument) throw malformed('the XML is larger than a mebibyte');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed('the XML is not UTF-8', { cause });
  }
}
