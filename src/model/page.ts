/** A page of a list. The cursor is opaque outside: it is the last item's key, so a list may change while it is read. */
import { CasmError } from './errors.js';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly limit: number;
  /** The key after which to go on. */
  readonly after: string | null;
}

/** @throws CasmError `invalid-cursor` */
export function readCursor(cursor: string | undefined, pattern: RegExp): string | null {
  if (cursor === undefined) return null;
  const key = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!pattern.test(key)) throw new CasmError('invalid-cursor', 'the cursor is not one that this list gave: start without one');
  return key;
}

/** @param found up to limit + 1 items: one more than fits says that there is a next page. */
export function page<T>(found: readonly T[], { limit }: PageRequest, keyOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? Buffer.from(keyOf(last)).toString('base64url') : null };
}

export const idCursor = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** What every bigint column can be compared with. */
export const numberCursor = /^[0-9]{1,18}$/;
