import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { findHold } from '../../storage/holds.js';
import { found } from '../not-found.js';
import { allocateFromPool } from './allocate-from-pool.js';
import type { AllocationAsk } from './ticket.js';
import { allocateFromSelected } from './allocate-from-selected.js';

/** One request, wherever it says it wants to be served. @throws CasmError what allocatePrefix throws */
export async function allocateOne(ask: AllocationAsk): Promise<Allocation> {
  const poolId = await poolOf(ask);
  const [outcome] = await (poolId === undefined ? allocateFromSelected([ask]) : allocateFromPool(poolId, [ask]));
  if (outcome === undefined) throw new Error('a request got no outcome');
  if (outcome instanceof CasmError) throw outcome;
  return outcome;
}

/** The pool that a request names, or that of the hold it names; undefined where a selector is to find one. */
export async function poolOf({ work, input: { poolId, holdId } }: AllocationAsk): Promise<string | undefined> {
  return holdId === undefined ? poolId : found(await findHold(work.tx, holdId), 'hold', holdId).hold.poolId;
}
