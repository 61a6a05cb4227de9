import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { selectPools } from '../../storage/pools.js';
import { waitForSpace } from '../waiting/wait-for-space.js';
import type { Work } from '../work.js';
import { allocatePrefix } from './allocate-prefix.js';

/** As allocatePrefix; a request that would wait, and that is refused for want of space, gets a place in the queue. */
export async function allocateOrWait(work: Work, request: AllocationRequest): Promise<Allocation | WaitingRequest> {
  try {
    return await allocatePrefix(work, request);
  } catch (error) {
    if (!(error instanceof CasmError) || request.wait === undefined) throw error;
    const poolIds = request.poolId === undefined ? await selectPools(work.tx, request.poolSelector ?? {}) : [request.poolId];
    const outcome = await waitForSpace(work, request, poolIds, error);
    if (outcome instanceof CasmError) throw outcome;
    return outcome;
  }
}
