/**
 * Serves those that wait for a pool, by priority and then by age. The first of the queue keeps the block it is nearest to
 * getting: the others, and those that come of no higher priority, may take whatever lies outside of it.
 */
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError, type ErrorCode } from '../../model/errors.js';
import { defaultPriority } from '../../model/wait.js';
import type { Queued } from '../../model/waiting-request.js';
import type { PoolTurn } from '../../storage/pools.js';
import { endWaiting, lockQueue, type End } from '../../storage/waiting-requests.js';
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
    const unserved = queue.flatMap((one) => endUnserved(one, work.now));
    const alive = queue.filter(({ id }) => !unserved.some((end) => end.id === id));
    const [head] = alive;
    const asks = alive.map((one) => ({
      work: inTheNameOf(work, { actor: one.actor, requestId: one.requestId, operation: 'allocatePrefix' }),
      input: one.request,
      ...(one === head || head?.kept == null ? {} : { spared: head.kept }),
    }));
    const outcomes = await allocateInTurn(pool, quotas, asks);
    const ends = [...unserved, ...alive.flatMap((one, at) => endOf(one, outcomes[at]))];
    await endWaiting(work.tx, ends, work.now);
    auditEnds(work, queue, ends);
    // Who follows the first was kept from what it needed; once it is served or gone, that is theirs as well.
    const after = ends.some(({ id }) => id === head?.id) ? undefined : head;
    if (after !== undefined || head === undefined || alive.length === 1) return after;
  }
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
