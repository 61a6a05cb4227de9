/** What every list is asked: at most how many, and after which. */
import { idCursor, readCursor, type PageRequest } from '../model/page.js';

export interface ListRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** @throws CasmError `invalid-cursor` */
export function pageRequest({ limit, cursor }: ListRequest, pattern: RegExp = idCursor): PageRequest {
  return { limit, after: readCursor(cursor, pattern) };
}
