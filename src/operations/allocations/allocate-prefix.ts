import { poolsWithRoom } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError, type ErrorCode } from '../../model/errors.js';
import { parsePrefix } from '../../model/prefix.js';
import { selectPools } from '../../storage/pools.js';
import type { Work } from '../work.js';
import { allocateFromPool } from './allocate-from-pool.js';
import { exhausted } from './exhausted.js';

/**
 * Takes a prefix for a holder and marks the devices that serve it stale, in one transaction: from the pool named, or from
 * the first that gives among those the selector finds.
 * @throws CasmError `pool-not-found`, `pool-exhausted`, `length-not-allowed`, `invalid-prefix`, `prefix-outside-pool`, `prefix-not-free`,
 * `device-not-found`, `device-unsuitable`, `certification-refused`, `invalid-request`
 */
export async function allocatePrefix(work: Work, request: AllocationRequest): Promise<Allocation> {
  const outcome = request.poolId === undefined ? await fromSelected(work, request) : await from(work, request, request.poolId);
  if (outcome instanceof CasmError) throw outcome;
  return outcome;
}

async function from(work: Work, request: AllocationRequest, poolId: string): Promise<Allocation | CasmError> {
  const [outcome] = await allocateFromPool(poolId, [{ work, input: request }]);
  if (outcome === undefined) throw new Error('a request got no outcome');
  return outcome;
}

/** What another pool may not have in its way: full, gone by now, or of a policy that does not fit. */
const passedBy: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'prefix-outside-pool', 'prefix-not-free', 'pool-not-found', 'length-not-allowed']);

async function fromSelected(work: Work, request: AllocationRequest): Promise<Allocation | CasmError> {
  const { all, roomy } = await selected(work, request);
  const unfit: CasmError[] = [];
  for (const id of roomy) {
    const outcome = await from(work, request, id);
    if (!(outcome instanceof CasmError) || !passedBy.has(outcome.code)) return outcome;
    if (outcome.code === 'length-not-allowed') unfit.push(outcome);
  }
  const [first] = unfit;
  if (first !== undefined && unfit.length === all.length) return first;
  return exhausted(work.tx, all, { family: request.family, length: request.prefixLength, prefix: request.prefix });
}

/** Pools that match the selector, by name, and those of them that seem to have room. When none seems to, each is tried. */
async function selected(work: Work, request: AllocationRequest): Promise<{ all: string[]; roomy: string[] }> {
  const selector = request.poolSelector ?? { labels: {} };
  const all = await selectPools(work.tx, selector);
  if (all.length === 0) throw new CasmError('pool-not-found', `no pool has all of the labels ${JSON.stringify(selector.labels)}`);
  const exact = request.prefix === undefined ? undefined : parsePrefix(request.prefix);
  const roomy = await poolsWithRoom(work.tx, all, exact?.family ?? request.family, exact?.length ?? request.prefixLength);
  return { all, roomy: roomy.length === 0 ? all : roomy };
}
