import { holdOf, type Hold, type HoldRequest } from '../../model/hold.js';
import { allocateOne } from '../allocations/allocate-one.js';
import type { Work } from '../work.js';

/**
 * Takes a prefix as allocatePrefix would, and keeps it for the caller instead of allocating it.
 * @throws CasmError what allocatePrefix throws
 */
export async function createHold(work: Work, { seconds = 300, ...request }: HoldRequest): Promise<Hold> {
  const validUntil = new Date(work.now.getTime() + seconds * 1000).toISOString();
  return holdOf(await allocateOne({ work, input: { ...request, service: '', validUntil }, reserve: true }));
}
