/** Writing XML: elements in one default namespace, attributes in the order given. Undefined attributes are left out. */
export type XmlAttributes = Readonly<Record<string, string | undefined>>;

/** @param content already XML: elements, or text that needs no escaping such as base64 */
export function xmlElement(name: string, attributes: XmlAttributes, ...content: readonly string[]): string {
  const written = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escapeXml(value)}"`]));
  const opening = `<${name}${written.join('')}`;
  return content.length === 0 ? `${opening}/>` : `${opening}>${content.join('')}</${name}>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' };

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"\n\r\t]/g, (character) => entities[character] ?? character);
}
