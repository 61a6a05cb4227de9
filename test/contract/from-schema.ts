/** Values that a schema of the contract describes, or nearly: each property is right, hostile or missing by chance. */
import fc from 'fast-check';
import { target, type Node } from './contract-files.js';
import { anyJson, hostileId, hostilePrefix, hostileText, hostileTime } from './hostile.js';

const smallPrefix = fc.tuple(fc.nat(255), fc.nat(15)).map(([third, fourth]) => `45.96.${third}.${16 * fourth}/28`);

/** @param known ids that do exist, so that some requests get past the door. */
export function fromSchema(document: Node, schema: Node, known: readonly string[]): fc.Arbitrary<unknown> {
  if (typeof schema['$ref'] === 'string') {
    if (schema['$ref'].endsWith('/Prefix')) return fc.oneof(smallPrefix, hostilePrefix);
    return fromSchema(document, target(document, schema['$ref']) as Node, known);
  }
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  switch (Array.isArray(schema['type']) ? schema['type'][0] : schema['type']) {
    case 'object':
      return objectFrom(document, schema, known);
    case 'array':
      return fc.array(fromSchema(document, (schema['items'] ?? {}) as Node, known), { minLength: Number(schema['minItems'] ?? 0), maxLength: 3 });
    case 'integer':
      return integerFrom(schema);
    case 'boolean':
      return fc.boolean();
    case 'string':
      return textFrom(schema, known);
    default:
      return anyJson;
  }
}

function objectFrom(document: Node, schema: Node, known: readonly string[]): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Node>);
  const open = schema['additionalProperties'];
  if (properties.length === 0 && open !== undefined && typeof open === 'object') {
    return fc.dictionary(fc.oneof({ weight: 20, arbitrary: fc.constantFrom('region', 'a/b.c', 'username', 'x') }, { weight: 1, arbitrary: hostileText }), fromSchema(document, open as Node, known), { maxKeys: 2 });
  }
  const required = (schema['required'] as string[] | undefined) ?? [];
  return fc.record(Object.fromEntries(properties.map(([key, property]) => [key, mostly(fromSchema(document, property, known))])), { requiredKeys: required.filter((key) => properties.some(([name]) => name === key)) });
}

const mostly = (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => fc.oneof({ weight: 60, arbitrary: right }, { weight: 1, arbitrary: anyJson });

function integerFrom(schema: Node): fc.Arbitrary<unknown> {
  const [least, most] = [Number(schema['minimum'] ?? 0), Number(schema['maximum'] ?? 2 ** 31)];
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(least, most, Math.min(Math.max(24, least), most)) }, { weight: 4, arbitrary: fc.integer({ min: least, max: Math.min(most, least + 128) }) }, { weight: 1, arbitrary: fc.constantFrom(least - 1, most + 1) });
}

function textFrom(schema: Node, known: readonly string[]): fc.Arbitrary<unknown> {
  if (schema['format'] === 'uuid') return fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: hostileId });
  if (schema['format'] === 'date-time') return hostileTime;
  if (schema['format'] === 'uri') return fc.constantFrom('http://127.0.0.1:1/', 'https://[::1]:1/x?y#z', 'http://\u0000', 'http://', 'ftp://x', 'http://a b/', `http://${'x'.repeat(2100)}`);
  if (/\^\[0-9\]/.test(String(schema['pattern'] ?? ''))) return fc.constantFrom('0', '1', '9'.repeat(19), '9'.repeat(39), '-1', '');
  return fc.oneof({ weight: 10, arbitrary: fc.uuid() }, { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) }, { weight: 2, arbitrary: hostileText });
}
