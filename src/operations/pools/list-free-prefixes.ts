import { freePrefixes } from '../../allocator/free-space.js';
import { CasmError } from '../../model/errors.js';
import { familyBits, type Family } from '../../model/prefix.js';
import type { Tx } from '../../storage/sql.js';
import { familiesOf, familyOf } from './family-of.js';
import { getPool } from './get-pool.js';

/** @throws CasmError `pool-not-found`, `length-not-allowed`, `invalid-request` when the family is open */
export async function listFreePrefixes(
  tx: Tx,
  request: { poolId: string; prefixLength: number; family?: Family; limit: number },
): Promise<{ items: string[]; count: string }> {
  const pool = await getPool(tx, request);
  const family = familyOf(request.family, familiesOf(pool.prefixes));
  if (request.prefixLength > familyBits(family)) {
    throw new CasmError('length-not-allowed', `/${request.prefixLength} is no length of ${family}`, { allowed: [`/0 to /${familyBits(family)}`] });
  }
  return freePrefixes(tx, pool.id, family, request.prefixLength, request.limit);
}
