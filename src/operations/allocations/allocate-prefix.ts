import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import type { Work } from '../work.js';
import { allocateOne } from './allocate-one.js';

/**
 * Takes a prefix for a holder and marks the devices that serve it stale, in one transaction: from the pool named, from the
 * first that gives among those the selector finds, or what a hold keeps.
 * @throws CasmError `pool-not-found`, `pool-exhausted`, `length-not-allowed`, `invalid-prefix`, `prefix-outside-pool`, `prefix-not-free`,
 * `hold-not-found`, `hold-expired`, `forbidden`, `device-not-found`, `device-unsuitable`, `certification-refused`, `invalid-request`
 */
export function allocatePrefix(work: Work, request: AllocationRequest): Promise<Allocation> {
  return allocateOne({ work, input: request });
}
