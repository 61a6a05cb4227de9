/** Reading what an element should hold, and refusing in its strict form whatever else it holds. */
import { malformed } from '../rpki-error.js';
import type { XmlElement } from './read.js';

/** @throws RpkiError `malformed` when the attribute is absent */
export function attribute(element: XmlElement, name: string): string {
  const value = element.attributes.get(name);
  if (value === undefined) throw malformed(`<${element.name}> lacks the attribute ${name}`);
  return value;
}

/** @throws RpkiError `malformed` for an attribute that is not among `names` */
export function onlyAttributes(element: XmlElement, ...names: readonly string[]): void {
  for (const name of element.attributes.keys()) {
    if (!names.includes(name)) throw malformed(`<${element.name}> has an unknown attribute ${name}`);
  }
}

/** The only child, in the namespace of its parent. @throws RpkiError `malformed` */
export function onlyChild(element: XmlElement, name: string): XmlElement {
  const [child, ...others] = element.children;
  if (child === undefined || others.length > 0 || !isNamed(child, element.namespace, name)) {
    throw malformed(`<${element.name}> must hold exactly one <${name}>`);
  }
  return child;
}

export function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}

export function noChildren(element: XmlElement): void {
  if (element.children.length > 0) throw malformed(`<${element.name}> must hold no element`);
}

/** Base64 with white space anywhere, as peers wrap it. @throws RpkiError `malformed`, also when there is none */
export function base64Text(element: XmlElement): Buffer {
  noChildren(element);
  const compact = element.text.replaceAll(/\s/g, '');
  if (compact === '' || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    throw malformed(`<${element.name}> does not hold base64`);
  }
  return Buffer.from(compact, 'base64');
}
