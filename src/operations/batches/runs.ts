/** Cuts a batch into runs: neighbours of one kind that can be done by sets, or a single item. Pure. */
import type { BatchItem } from './batch.js';
import { sets } from './verbs.js';

/** So many at most in one set: beyond that nothing is gained any more. */
const longest = 1_000;

export interface Step extends BatchItem {
  readonly index: number;
  readonly input: Readonly<Record<string, unknown>>;
}

/** @param steps in order. @returns them in order, in runs that are not empty. */
export function runsOf(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [];
  let named = new Set<unknown>();
  for (const step of steps) {
    const run = runs.at(-1);
    const subject = step.input['allocationId'];
    if (run !== undefined && run.length < longest && together(run[0] as Step, step) && !named.has(subject)) run.push(step);
    else {
      runs.push([step]);
      named = new Set();
    }
    if (subject !== undefined) named.add(subject);
  }
  return runs;
}

/** What names no pool has to look for one, and does so by itself. */
function together(first: Step, next: Step): boolean {
  const settable = ({ operation, input }: Step): boolean => sets[operation] !== undefined && (operation === 'releaseAllocation' || input['poolId'] !== undefined);
  return first.operation === next.operation && settable(first) && settable(next);
}
