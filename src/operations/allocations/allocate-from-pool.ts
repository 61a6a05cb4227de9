import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { notFound } from '../not-found.js';
import { serveQueue, sparedBy } from '../waiting/serve-queue.js';
import { allocateInTurn } from './allocate-in-turn.js';
import type { AllocationAsk } from './ticket.js';
import { takeTurnToAllocate, type TurnToAllocate } from './turn-to-allocate.js';

/**
 * Several requests to one pool, all in one transaction: those that wait for it come first, and what the first of them needs is
 * left to it. The results are in the order of the asks.
 * @param turn where it is on its way already: for all holders of the asks
 */
export async function allocateFromPool(poolId: string, asks: readonly AllocationAsk[], turn?: Promise<TurnToAllocate>): Promise<(Allocation | CasmError)[]> {
  const [first] = asks;
  if (first === undefined) return [];
  const { pool, quotas, awaited } = await (turn ?? takeTurnToAllocate(first.work.tx, poolId, asks.map(({ input }) => input.holder), first.work.quotas));
  if (pool === undefined) return asks.map(() => notFound('pool', poolId));
  const head = awaited ? await serveQueue(first.work, pool, quotas) : undefined;
  return allocateInTurn(pool, quotas, asks.map((ask) => ({ ...ask, spared: sparedBy(ask.input, head) })));
}
