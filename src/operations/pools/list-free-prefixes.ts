import { freePrefixes } from '../../allocator/free-space.js';
import type { Family } from '../../model/prefix.js';
import type { Tx } from '../../storage/sql.js';
import { checkLength } from './check-length.js';
import { familiesOf, familyOf } from './family-of.js';
import { getPool } from './get-pool.js';

/** @throws CasmError `pool-not-found`, `length-not-allowed`, `invalid-request` when the family is open */
export async function listFreePrefixes(
  tx: Tx,
  request: { poolId: string; prefixLength: number; family?: Family; limit: number },
): Promise<{ items: string[]; count: string }> {
  const pool = await getPool(tx, request);
  const family = familyOf(request.family, familiesOf(pool.prefixes));
  checkLength(family, request.prefixLength);
  return freePrefixes(tx, pool.id, family, request.prefixLength, request.limit);
}
