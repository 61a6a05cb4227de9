/** Requests that name no pool: the pools that match their selector are tried in its order, until each request is served. */
import { countFreeBlocks, poolsWithRoom } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError, type ErrorCode } from '../../model/errors.js';
import { parsePrefix } from '../../model/prefix.js';
import { selectPools } from '../../storage/pools.js';
import { lockQuotas } from '../../storage/quotas.js';
import type { Work } from '../work.js';
import { allocateFromPool } from './allocate-from-pool.js';
import type { AllocationAsk } from './ticket.js';
import { takeTurnToAllocate } from './turn-to-allocate.js';
import { exhausted } from './exhausted.js';

/** What another pool may not have in its way: full, retiring, gone by now, or of a policy that does not fit. */
const passedBy: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'prefix-outside-pool', 'prefix-not-free', 'pool-not-found', 'pool-retiring', 'length-not-allowed']);

/**
 * @param asks for the same: their selector and what they want are those of the first. Those that one pool cannot serve go on
 * to the next together.
 * @returns in order, each its allocation or its refusal.
 * @throws CasmError `pool-not-found` when nothing matches
 */
export async function allocateFromSelected(asks: readonly AllocationAsk[]): Promise<(Allocation | CasmError)[]> {
  const [first] = asks;
  if (first === undefined) return [];
  const { all, roomy } = await selected(first.work, first.input);
  const { tx } = first.work;
  // Before the turn of any pool, as everywhere. From pool to pool it goes in the selector's order, not by id: should that end in
  // a deadlock, the whole is done again.
  const quotas = first.work.quotas ?? (await lockQuotas(tx, asks.map(({ input }) => input.holder), all));
  const results: (Allocation | CasmError | undefined)[] = asks.map(() => undefined);
  const unfit: CasmError[] = [];
  for (const poolId of roomy) {
    const left = asks.flatMap((ask, at) => (results[at] === undefined ? [{ ask, at }] : []));
    const outcomes = await allocateFromPool(poolId, left.map(({ ask }) => ask), takeTurnToAllocate(tx, poolId, [], quotas));
    outcomes.forEach((outcome, index) => {
      const at = left[index]?.at ?? 0;
      if (!(outcome instanceof CasmError) || !passedBy.has(outcome.code)) results[at] = outcome;
      else if (index === 0 && outcome.code === 'length-not-allowed') unfit.push(outcome);
    });
    if (!results.includes(undefined)) break;
  }
  if (!results.includes(undefined)) return results.filter((result) => result !== undefined);
  const refusal = (unfit.length === all.length ? unfit[0] : undefined) ?? (await nothingFree(first, all));
  return results.map((result) => result ?? refusal);
}

async function nothingFree({ work, input }: AllocationAsk, poolIds: readonly string[]): Promise<CasmError> {
  const { family, prefixLength: length, prefix, allowedPrefixes, disallowedPrefixes } = input;
  return exhausted(await countFreeBlocks(work.tx, poolIds), poolIds.length, { family, length, prefix, region: allowedPrefixes ?? disallowedPrefixes });
}

/** Pools that match the selector, in its order, and those of them that seem to have room. When none seems to, each is tried. */
async function selected(work: Work, request: AllocationRequest): Promise<{ all: string[]; roomy: string[] }> {
  const selector = request.poolSelector ?? {};
  const all = await selectPools(work.tx, selector);
  if (all.length === 0) throw new CasmError('pool-not-found', `no pool is what is selected: ${JSON.stringify(selector)}`);
  const exact = request.prefix === undefined ? undefined : parsePrefix(request.prefix);
  const roomy = await poolsWithRoom(work.tx, all, exact?.family ?? request.family, exact?.length ?? request.prefixLength);
  return { all, roomy: roomy.length === 0 ? all : roomy };
}
