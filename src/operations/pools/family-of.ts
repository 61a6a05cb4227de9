import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';

/**
 * The family asked for, or the only one the pool has.
 * @throws CasmError `invalid-request` when the pool has both and none was named.
 */
export function familyOf(asked: Family | undefined, families: readonly Family[]): Family {
  if (asked !== undefined) return asked;
  // A pool without prefixes has nothing of either.
  const [only = 'ipv4'] = families;
  if (families.length <= 1) return only;
  throw new CasmError('invalid-request', 'name a family: the pool has both ipv4 and ipv6', {
    errors: [{ in: 'body', pointer: '/family', detail: 'ipv4 or ipv6' }],
    allowed: ['ipv4', 'ipv6'],
  });
}

/** Each once. */
export function familiesOf(prefixes: readonly string[]): Family[] {
  return [...new Set(prefixes.map((prefix): Family => (prefix.includes(':') ? 'ipv6' : 'ipv4')))];
}
