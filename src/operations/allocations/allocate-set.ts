import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { lockDeliveries } from '../../storage/deliveries.js';
import { lockPools, selectPools } from '../../storage/pools.js';
import { lockQuotas } from '../../storage/quotas.js';
import { lockQueues } from '../../storage/turns.js';
import type { Work } from '../work.js';
import { allocateFromPool } from './allocate-from-pool.js';
import type { AllocationAsk } from './ticket.js';
import { allocateFromSelected } from './allocate-from-selected.js';
import { poolOf } from './allocate-one.js';

export interface AllocationSetRequest {
  readonly items: readonly { readonly count?: number; readonly request: AllocationRequest }[];
}

/** So many prefixes at most: what one caller may take in one breath. */
const mostPrefixes = 256;

interface Asked {
  readonly ask: AllocationAsk;
  /** Its item, and its place in the answer. */
  readonly item: number;
  readonly at: number;
}

/**
 * All of the prefixes or none, in the order of the items. The turns of what is named are taken before anything else, so that
 * two sets do not wait for each other.
 * @throws CasmError what allocatePrefix throws, with the `index` of the item; `invalid-request` for too many
 */
export async function allocateSet(work: Work, { items }: AllocationSetRequest): Promise<Allocation[]> {
  const prefixes = items.reduce((sum, { count = 1 }) => sum + count, 0);
  if (prefixes > mostPrefixes) {
    const detail = `must add up to ${mostPrefixes} prefixes at most`;
    throw new CasmError('invalid-request', `the set asks for ${prefixes} prefixes: ${mostPrefixes} is the most`, { errors: [{ in: 'body', pointer: '/items', detail }] });
  }
  const waiting = items.findIndex(({ request }) => request.wait !== undefined);
  if (waiting >= 0) throw ofItem(waiting, neverWaits(`/items/${waiting}/request/wait`));
  const own = work.quotas === undefined ? { ...work, quotas: await takeTurns(work, items) } : work;
  const asked: Asked[] = items
    .flatMap(({ count = 1, request }, item) => Array.from({ length: count }, () => ({ ask: { work: own, input: request }, item })))
    .map((one, at) => ({ ...one, at }));
  const groups = await grouped(asked);
  const results: Allocation[] = [];
  for (const [key, group] of groups) {
    const asks = group.map(({ ask }) => ask);
    const outcomes = await (typeof key === 'string' ? allocateFromPool(key, asks) : refusedAs(key, allocateFromSelected(asks)));
    for (const [index, outcome] of outcomes.entries()) {
      const { item, at } = group[index] as Asked;
      if (outcome instanceof CasmError) throw ofItem(item, outcome);
      results[at] = outcome;
    }
  }
  return results;
}

/** Whatever is named or selected. @returns the quotas held */
async function takeTurns(work: Work, items: AllocationSetRequest['items']): Promise<string[]> {
  const poolIds: string[] = [];
  for (const [item, { request }] of items.entries()) {
    const named = await refusedAs(item, poolOf({ work, input: request }));
    poolIds.push(...(named === undefined ? await selectPools(work.tx, request.poolSelector ?? {}) : [named]));
  }
  const quotas = await lockQuotas(work.tx, items.map(({ request }) => request.holder), poolIds);
  await lockPools(work.tx, poolIds);
  const awaiting = await lockQueues(work.tx, poolIds);
  await lockDeliveries(work.tx, [...items.flatMap(({ request }) => request.deviceId ?? []), ...awaiting]);
  return quotas;
}

/** Those for one pool together, by pool; those of one selecting item together, by item. */
async function grouped(asked: readonly Asked[]): Promise<Map<string | number, Asked[]>> {
  const groups = new Map<string | number, Asked[]>();
  for (const one of asked) {
    const key = (await refusedAs(one.item, poolOf(one.ask))) ?? one.item;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

async function refusedAs<T>(item: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof CasmError ? ofItem(item, error) : error;
  }
}

/** For requests that are served together or not at all. */
export function neverWaits(pointer: string): CasmError {
  return new CasmError('invalid-request', 'one request among several does not wait: ask for it by itself', { errors: [{ in: 'body', pointer, detail: 'is not known here' }] });
}

function ofItem(index: number, { code, message, details }: CasmError): CasmError {
  return new CasmError(code, `item ${index}: ${message}`, { ...details, index });
}
