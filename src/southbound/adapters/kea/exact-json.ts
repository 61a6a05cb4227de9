/**
 * JSON that survives the round trip. A configuration is read, changed in our part and sent back whole, so numbers of
 * others that JavaScript would alter (1.0, or beyond 2^53) are carried as the text they came in.
 */
export type Json = string | number | boolean | null | Json[] | JsonObject | ExactNumber;
export interface JsonObject {
  [key: string]: Json;
}

/** A number as it was written; opaque to us. JSON.stringify writes it back unchanged. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** "JSON.parse source text access": in Node since 22 (before, numbers are as exact as JavaScript's), not yet in TypeScript's library. */
interface SourceAccess {
  parse(text: string, reviver: (key: string, value: Json, context?: { source?: string }) => Json): Json;
  rawJSON(text: string): ExactNumber;
  isRawJSON?(value: unknown): boolean;
}
const source = JSON as unknown as SourceAccess;

/** @throws SyntaxError */
export function parseExactJson(text: string): Json {
  return source.parse(text, (_key, value, context) => {
    const written = context?.source;
    return typeof value === 'number' && written !== undefined && String(value) !== written ? source.rawJSON(written) : value;
  });
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && source.isRawJSON?.(value) !== true;
}

/** The members of a list that are objects; what is no list has none. */
export function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The same text for the same value, whatever the order of its keys. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, at: Json) => (isObject(at) ? Object.fromEntries(Object.entries(at).sort(byKey)) : at));
}

function byKey([a]: [string, Json], [b]: [string, Json]): number {
  return a < b ? -1 : Number(a > b);
}
