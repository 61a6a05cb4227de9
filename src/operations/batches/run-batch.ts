import { CasmError } from '../../model/errors.js';
import { isPassing } from '../../storage/constraint-errors.js';
import { tentatively } from '../../storage/savepoint.js';
import type { Work } from '../work.js';
import type { Batch, BatchRequest, Outcome } from './batch.js';
import { runsOf, type Step } from './runs.js';
import { takeTurns } from './take-turns.js';
import { operationOf, sets } from './verbs.js';

/**
 * Does the items in their order, in the transaction of the work. `atomic`: the first that is refused undoes all (RFC 7878);
 * `bestEffort`: it alone is not done. The turns of all that is named are taken first, so that batches do not wait for each
 * other in a circle.
 * @throws CasmError `batch-failed` with the `index`, caused by what refused the item
 */
export async function runBatch(work: Work, { mode, clientTransactionId, items }: BatchRequest): Promise<Batch> {
  const results: unknown[] = items.map(({ input }) => input);
  const check = (): void => {
    const index = mode === 'atomic' ? results.findIndex((result) => result instanceof CasmError) : -1;
    if (index >= 0) throw failed(index, results[index] as CasmError);
  };
  check();
  const steps = items.flatMap(({ input, ...item }, index): Step[] => (input instanceof CasmError ? [] : [{ ...item, input, index }]));
  const own = work.quotas === undefined ? { ...work, quotas: await takeTurns(work, steps) } : work;
  for (const run of runsOf(steps)) {
    const outcomes = await doRun(own, run);
    run.forEach(({ index }, at) => (results[index] = outcomes[at]));
    check();
  }
  const outcomes = items.map(({ operation }, index): Outcome => outcomeOf(operation, results[index]));
  return { id: work.newId(), clientTransactionId: clientTransactionId ?? null, mode, outcomes };
}

function outcomeOf(operation: Outcome['operation'], result: unknown): Outcome {
  if (!(result instanceof CasmError)) return { operation, done: result ?? null };
  const { code, message, details } = result;
  return { operation, refused: { code, message, details } };
}

function failed(index: number, cause: CasmError): CasmError {
  return new CasmError('batch-failed', `item ${index} was refused, and nothing was done: ${cause.message}`, { index }, { cause });
}

/** By sets where there is more than one; one by one where they cannot be kept together. */
async function doRun(work: Work, run: readonly Step[]): Promise<unknown[]> {
  const [first] = run;
  const set = first && sets[first.operation];
  if (set !== undefined && run.length > 1) {
    // Each is a request of its own, and has a work of its own.
    const outcomes = await part(work, (own) => set(run.map(({ input, restores }) => ({ work: { ...own, restores }, input: input as never }))));
    if (!(outcomes instanceof Refused)) return [...outcomes];
  }
  const outcomes: unknown[] = [];
  for (const { operation, input, restores } of run) {
    const outcome = await part(work, (own) => operationOf(operation)({ ...own, restores }, input));
    if (outcome instanceof Refused && !(outcome.error instanceof CasmError)) throw outcome.error;
    outcomes.push(outcome instanceof Refused ? outcome.error : outcome);
  }
  return outcomes;
}

class Refused {
  constructor(readonly error: unknown) {}
}

/** What is undone leaves nothing in the audit. */
async function part<T>(work: Work, step: (work: Work) => Promise<T>): Promise<T | Refused> {
  const entries: Parameters<Work['audit']>[0][] = [];
  try {
    const result = await tentatively(work.tx, () => step({ ...work, audit: (entry) => entries.push(entry) }));
    for (const entry of entries) work.audit(entry);
    return result;
  } catch (error) {
    // The whole batch is run again for these.
    if (isPassing(error)) throw error;
    return new Refused(error);
  }
}
