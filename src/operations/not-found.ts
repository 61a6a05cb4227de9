/** The sentence for what is not there. */
import { CasmError } from '../model/errors.js';

type Thing = 'space' | 'pool' | 'allocation' | 'hold' | 'import' | 'device' | 'quota' | 'token' | 'waiting-request';

export function notFound(thing: Thing, id: string): CasmError {
  return new CasmError(`${thing}-not-found`, `there is no ${thing} ${id}`);
}

/** @throws CasmError `<thing>-not-found` when `found` is undefined. */
export function found<T>(value: T | undefined, thing: Thing, id: string): T {
  if (value === undefined) throw notFound(thing, id);
  return value;
}
