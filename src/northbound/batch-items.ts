/** The items of a batch: each held against the contract as its operation by itself would be, and shown as it would be answered. */
import type { components } from '../contract/northbound.generated.js';
import { contractOperation } from '../contract/contract.js';
import { refusalOf } from '../http/contract.guard.js';
import { problemOf } from '../http/problem.filter.js';
import type { Allocation } from '../model/allocation.js';
import { CasmError } from '../model/errors.js';
import type { BatchItem, Outcome } from '../operations/batches/batch.js';
import { neverWaits } from '../operations/allocations/allocate-set.js';
import type { Verb } from '../operations/batches/verbs.js';
import { viewAllocation, viewHold, viewMerge, viewPool, viewResize, viewSplit } from './views.js';

type Schemas = components['schemas'];
type ItemAsSent = Schemas['BatchRequest']['items'][number];
type Result = Schemas['BatchResult']['results'][number];

/** Path, body and If-Match as one input, or what is wrong with them. */
export function readItem({ operation, path, ifMatch, body }: ItemAsSent): BatchItem {
  const contract = contractOperation(operation);
  const { bodyType } = contract;
  const taken = (place: 'path' | 'header'): string[] => contract.parameters.filter((one) => one.in === place).map((one) => one.name);
  const ownPath = Object.fromEntries(Object.entries(path ?? {}).filter(([name]) => taken('path').includes(name)));
  const header = ifMatch === undefined ? {} : { 'if-match': ifMatch };
  const errors = contract.validateRequest({ path: ownPath, query: {}, header, body: bodyType === undefined ? undefined : (body ?? null) });
  for (const name of Object.keys(path ?? {})) if (!(name in ownPath)) errors.push({ in: 'path', pointer: name, detail: 'is not known here' });
  if (bodyType === undefined && body !== undefined) errors.push({ in: 'body', pointer: '', detail: `${operation} takes no body` });
  if (ifMatch !== undefined && !taken('header').includes('If-Match')) errors.push({ in: 'header', pointer: 'If-Match', detail: `${operation} takes no If-Match` });
  if (operation === 'allocatePrefix' && body?.['wait'] !== undefined) return { operation, input: neverWaits('/wait') };
  return { operation, input: errors.length > 0 ? refusalOf(errors) : { ...body, ...ownPath, ...(ifMatch === undefined ? {} : { ifMatch }) } };
}

const views: Readonly<Record<Verb, (done: never) => object | null>> = {
  activateAllocation: viewAllocation,
  allocatePrefix: viewAllocation,
  allocateSet: (items: readonly Allocation[]) => ({ items: items.map(viewAllocation) }),
  createHold: viewHold,
  createPool: viewPool,
  deleteHold: () => null,
  deletePool: () => null,
  drainAllocation: viewAllocation,
  mergePools: viewMerge,
  moveAllocation: viewAllocation,
  releaseAllocation: viewAllocation,
  releaseQuarantine: viewAllocation,
  resizeAllocation: viewResize,
  splitPool: viewSplit,
  updateAllocation: viewAllocation,
  updatePool: viewPool,
};

export function viewOutcome(requestId: string, outcome: Outcome, index: number): Result {
  const { operation } = outcome;
  if ('done' in outcome) return { index, status: contractOperation(operation).successStatus, body: views[operation](outcome.done as never) as Record<string, never> | null };
  const { code, message, details } = outcome.refused;
  const problem = problemOf(requestId, new CasmError(code, message, details));
  return { index, status: problem.status, problem };
}
