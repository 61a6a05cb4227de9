import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';

/**
 * The family asked for, or the only one the pool has.
 * @throws CasmError `invalid-request` when the pool has both and none was named.
 */
export function familyOf(asked: Family | undefined, prefixes: readonly string[]): Family {
  if (asked !== undefined) return asked;
  const families = new Set<Family>(prefixes.map((prefix) => (prefix.includes(':') ? 'ipv6' : 'ipv4')));
  const [only] = families;
  if (families.size === 1 && only !== undefined) return only;
  throw new CasmError('invalid-request', 'name a family: the pool has both ipv4 and ipv6', {
    errors: [{ in: 'body', pointer: '/family', detail: 'ipv4 or ipv6' }],
    allowed: ['ipv4', 'ipv6'],
  });
}
