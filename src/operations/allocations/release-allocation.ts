import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { Work } from '../work.js';
import { releaseTogether, type Release } from './release-together.js';

/**
 * Gives a prefix back and answers with the state reached. Where a device or a parent CA holds it, they let go first;
 * then it rests in quarantine; then it is free. Repeating it is no error while the allocation is on its way out.
 * @throws CasmError `allocation-not-found`, `precondition-failed`
 */
export async function releaseAllocation(work: Work, release: Release): Promise<Allocation> {
  const [outcome] = await releaseTogether([{ work, input: release }]);
  if (outcome === undefined) throw new Error('a release got no outcome');
  if (outcome instanceof CasmError) throw outcome;
  return outcome;
}
