import { freePrefixes } from '../../allocator/free-space.js';
import type { DrainPlan } from '../../model/drain-plan.js';
import { familyBits, type Family } from '../../model/prefix.js';
import { share } from '../../model/usage.js';
import { occupiedBlocks } from '../../storage/drain-plan.js';
import type { Tx } from '../../storage/sql.js';
import { checkLength } from './check-length.js';
import { familiesOf, familyOf } from './family-of.js';
import { getPool } from './get-pool.js';

export interface DrainQuestion {
  readonly poolId: string;
  readonly prefixLength: number;
  readonly family?: Family;
  readonly limit: number;
}

/**
 * What to drain so that whole blocks of a length become free, the cheapest first.
 * @throws CasmError `pool-not-found`, `length-not-allowed`, `invalid-request` when the family is open
 */
export async function getDrainPlan(tx: Tx, { poolId, prefixLength, family: asked, limit }: DrainQuestion): Promise<DrainPlan> {
  const pool = await getPool(tx, { poolId });
  const family = familyOf(asked, familiesOf(pool.prefixes));
  checkLength(family, prefixLength);
  const { count: free } = await freePrefixes(tx, poolId, family, prefixLength, 0);
  const whole = 1n << BigInt(familyBits(family) - prefixLength);
  const blocks = await occupiedBlocks(tx, poolId, family, prefixLength, limit);
  const candidates = blocks.map(({ used, ...block }) => ({ ...block, freeShare: share(whole - BigInt(used), whole) }));
  return { poolId, family, prefixLength, free, candidates };
}
