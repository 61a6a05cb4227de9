import { holdOf, type Hold, type HoldRequest } from '../../model/hold.js';
import type { AllocationAsk } from '../allocations/ticket.js';
import { allocateOne } from '../allocations/allocate-one.js';
import type { Work } from '../work.js';

/**
 * Takes a prefix as allocatePrefix would, and keeps it for the caller instead of allocating it.
 * @throws CasmError what allocatePrefix throws
 */
export async function createHold(work: Work, request: HoldRequest): Promise<Hold> {
  return holdOf(await allocateOne(askForHold(work, request)));
}

/** A hold is asked for as an allocation is, with an end and no service yet. */
export function askForHold(work: Work, { seconds = 300, ...request }: HoldRequest): AllocationAsk {
  const validUntil = new Date(work.now.getTime() + seconds * 1000).toISOString();
  return { work, input: { ...request, service: '', validUntil }, reserve: true };
}
