/** What a batch can do: each is the operation of that name, given its path, its body and If-Match as one input. */
import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { holdOf, type Hold, type HoldRequest } from '../../model/hold.js';
import { activateAllocation } from '../allocations/activate-allocation.js';
import { allocateFromPool } from '../allocations/allocate-from-pool.js';
import type { AllocationAsk } from '../allocations/ticket.js';
import { allocatePrefix } from '../allocations/allocate-prefix.js';
import { allocateSet } from '../allocations/allocate-set.js';
import { drainAllocation } from '../allocations/drain-allocation.js';
import { moveAllocation } from '../allocations/move-allocation.js';
import { releaseAllocation } from '../allocations/release-allocation.js';
import { releaseQuarantine } from '../allocations/release-quarantine.js';
import { releaseTogether } from '../allocations/release-together.js';
import { resizeAllocation } from '../allocations/resize-allocation.js';
import { updateAllocation } from '../allocations/update-allocation.js';
import { askForHold, createHold } from '../holds/create-hold.js';
import { deleteHold } from '../holds/end-hold.js';
import { createPool } from '../pools/create-pool.js';
import { deletePool } from '../pools/delete-pool.js';
import { mergePools } from '../pools/merge-pools.js';
import { splitPool } from '../pools/split-pool.js';
import { updatePool } from '../pools/update-pool.js';
import type { Operation, Together, Work } from '../work.js';

export const verbs = {
  activateAllocation,
  allocatePrefix,
  allocateSet,
  createHold,
  createPool,
  deleteHold,
  deletePool,
  drainAllocation,
  mergePools,
  moveAllocation,
  releaseAllocation,
  releaseQuarantine,
  resizeAllocation,
  splitPool,
  updateAllocation,
  updatePool,
};

export type Verb = keyof typeof verbs;

/** The contract has held the input against the operation: the two belong together. */
export function operationOf(verb: Verb): Operation<unknown, unknown> {
  return verbs[verb] as Operation<unknown, unknown>;
}

/** Those that do neighbours of their kind by sets, and so many times faster than one by one. */
export const sets: Partial<Record<Verb, Together<never, unknown>>> = { allocatePrefix: allocateTogether, createHold: holdTogether, releaseAllocation: releaseTogether };

/** By pool: their turns are held already, so the order of the pools does not matter. */
async function allocateTogether(asks: readonly AllocationAsk[]): Promise<(Allocation | CasmError)[]> {
  const results: (Allocation | CasmError)[] = [];
  for (const poolId of new Set(asks.map(({ input }) => input.poolId ?? ''))) {
    const group = asks.flatMap((ask, at) => (ask.input.poolId === poolId ? [{ ask, at }] : []));
    const outcomes = await allocateFromPool(poolId, group.map(({ ask }) => ask));
    outcomes.forEach((outcome, index) => (results[group[index]?.at ?? 0] = outcome));
  }
  return results;
}

async function holdTogether(asks: readonly { work: Work; input: HoldRequest }[]): Promise<(Hold | CasmError)[]> {
  const outcomes = await allocateTogether(asks.map(({ work, input }) => askForHold(work, input)));
  return outcomes.map((outcome) => (outcome instanceof CasmError ? outcome : holdOf(outcome)));
}
