/**
 * Serves those that wait for a pool, by priority and then by age. The first of the queue keeps the block it is nearest to
 * getting: the others, and those that come of no higher priority, may take whatever lies outside of it.
 */
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError, type ErrorCode } from '../../model/errors.js';
import { defaultPriority } from '../../model/wait.js';
import type { Queued } from '../../model/waiting-request.js';
import { lockDeliveries } from '../../storage/deliveries.js';
import type { PoolTurn } from '../../storage/pools.js';
import { lockQueue } from '../../storage/waiting-queues.js';
import { endWaiting, type End } from '../../storage/waiting-requests.js';
import { allocateInTurn } from '../allocations/allocate-in-turn.js';
import { inTheNameOf, type Work } from '../work.js';
import { auditEnds } from './end-waiting.js';

/** So many of a queue at most are looked at in one turn. */
const most = 500;

/** What may yet change while one waits; any other refusal is final. */
const passing: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'pool-retiring', 'prefix-not-free', 'quota-exceeded']);
/** What another of its pools may not have in its way. */
const ofThisPool: ReadonlySet<ErrorCode> = new Set(['length-not-allowed', 'prefix-outside-pool']);

export type Head = Pick<Queued, 'kept' | 'priority'>;

/**
 * The turns of the pool and of the quotas are held.
 * @returns who is the first of the queue now; undefined when nobody is left in it
 */
export async function serveQueue(work: Work, pool: PoolTurn, quotas: readonly string[]): Promise<Head | undefined> {
  for (;;) {
    const queue = await lockQueue(work.tx, pool.id, quotas, most);
    const ends = queue.flatMap((one) => endUnserved(one, work.now));
    const alive = queue.filter(({ id }) => !ends.some((end) => end.id === id));
    // Not all are served at once, and devices are waited for by id, as everywhere.
    await lockDeliveries(work.tx, alive.flatMap(({ request }) => request.deviceId ?? []));
    const serve = async (some: readonly Queued[], spared?: string): Promise<End[]> => {
      const asks = some.map((one) => ({ work: inTheNameOf(work, { actor: one.actor, requestId: one.requestId, operation: 'allocatePrefix' }), input: one.request, spared }));
      const outcomes = await allocateInTurn(pool, quotas, asks);
      return some.flatMap((one, at) => endOf(one, outcomes[at]));
    };
    let [head, ...others] = alive;
    while (head !== undefined) {
      const ended = await serve([head]);
      if (ended.length === 0) break;
      ends.push(...ended);
      // The next is the first now: what it needs is kept from those behind it.
      [head, ...others] = others;
    }
    for (const run of runsOf(others)) ends.push(...(await serve(run, head?.kept ?? undefined)));
    await endWaiting(work.tx, ends, work.now);
    auditEnds(work, queue, ends);
    if (head !== undefined || queue.length < most) return head;
  }
}

/** Neighbours that are served by sets. One set takes its exact prefixes before all others, so that both kinds in it would not keep the order. */
function runsOf(queue: readonly Queued[]): Queued[][] {
  const runs: Queued[][] = [];
  for (const one of queue) {
    const run = runs.at(-1);
    if (run !== undefined && (run[0]?.request.prefix === undefined) === (one.request.prefix === undefined)) run.push(one);
    else runs.push([one]);
  }
  return runs;
}

/** Nothing is done for it any more: its time is over, or nobody would be let in who asks so now. */
function endUnserved({ id, expiresAt, entitled }: Queued, now: Date): End[] {
  if (new Date(expiresAt) <= now) return [{ id, state: 'expired' }];
  return entitled ? [] : [{ id, state: 'cancelled', reason: 'the token it was asked with has ended' }];
}

function endOf({ id, poolIds }: Queued, outcome: Allocation | CasmError | undefined): End[] {
  if (outcome === undefined) return [];
  if (!(outcome instanceof CasmError)) return [{ id, state: 'served', allocationId: outcome.id }];
  return passing.has(outcome.code) || (poolIds.length > 1 && ofThisPool.has(outcome.code)) ? [] : [{ id, state: 'cancelled', reason: outcome.message }];
}

/** What a request that comes now must leave to the first of the queue. */
export function sparedBy(request: AllocationRequest, head: Head | undefined): string | undefined {
  if (head?.kept == null || (request.wait?.priority ?? defaultPriority) > head.priority) return undefined;
  return head.kept;
}
