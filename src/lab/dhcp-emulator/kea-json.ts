/** JSON as the control channel carries it, and the typed reading of it with the complaints of a real server. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** What the server refuses; its message becomes the `text` of the answer. */
export class Refusal extends Error {}

export function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws Refusal */
export function mapIn(holder: JsonObject, key: string): JsonObject | undefined {
  const value = holder[key];
  if (value === undefined) return undefined;
  if (!isMap(value)) throw new Refusal(`'${key}' parameter is not a map`);
  return value;
}

/** @throws Refusal */
export function mapsIn(holder: JsonObject, key: string): JsonObject[] {
  const value = holder[key] ?? [];
  if (!Array.isArray(value)) throw new Refusal(`'${key}' parameter is not a list`);
  return value.map((item) => {
    if (!isMap(item)) throw new Refusal(`get(string) called on a non-map Element in '${key}'`);
    return item;
  });
}

/** @throws Refusal */
export function integerIn(holder: JsonObject, key: string): number | undefined {
  const value = holder[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Refusal(`'${key}' parameter is not an integer`);
  return value;
}

/** @throws Refusal */
export function stringIn(holder: JsonObject, key: string): string | undefined {
  const value = holder[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new Refusal(`'${key}' parameter is not a string`);
  return value;
}

/** @throws Refusal */
export function mandatoryString(holder: JsonObject, key: string): string {
  const value = stringIn(holder, key);
  if (value === undefined) throw new Refusal(`missing parameter '${key}'`);
  return value;
}
