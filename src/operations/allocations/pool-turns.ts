import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { isUnconnected, isUndone } from '../../storage/constraint-errors.js';
import type { Hall } from '../hall.js';
import type { Call, Kept } from '../work.js';
import { allocateFromPool, type AllocationAsk } from './allocate-from-pool.js';
import { waitForSpace } from '../waiting/wait-for-space.js';
import { allocateOrWait } from './allocate-or-wait.js';
import { takeTurnToAllocate, type TurnToAllocate } from './turn-to-allocate.js';

/** So many requests at most share one transaction: enough to spread its cost, few enough to answer soon. */
const together = 128;
/** So many may wait for one pool; beyond that waiting would only end in time-outs. */
export const longestQueue = 5_000;

type Outcome = Allocation | WaitingRequest;

interface Waiting {
  readonly call: Call;
  readonly input: AllocationRequest;
  resolve(kept: Kept<Outcome>): void;
  reject(error: unknown): void;
}

/**
 * Serves concurrent requests to one pool together: while one transaction of the pool runs, those that arrive wait, and then
 * share the next. The order is that of arrival. Nothing is delayed when nobody else is there, and nothing is kept here: a
 * controller that dies loses only what nobody was told.
 */
export class PoolTurns {
  private readonly queues = new Map<string, Waiting[]>();

  constructor(
    private readonly hall: Hall,
    private readonly longest = longestQueue,
  ) {}

  /** @throws CasmError what allocatePrefix throws, and `busy` when too many wait already. */
  allocate(call: Call, input: AllocationRequest): Promise<Kept<Outcome>> {
    const { poolId } = input;
    if (poolId === undefined || call.dryRun === true) return this.hall.write(call, allocateOrWait, input);
    return new Promise((resolve, reject) => {
      const waiting = { call, input, resolve, reject };
      const queue = this.queues.get(poolId);
      if (queue === undefined) {
        this.queues.set(poolId, [waiting]);
        void this.serve(poolId);
      } else if (queue.length >= this.longest) {
        reject(new CasmError('busy', `${this.longest} requests wait for this pool already: try again in a moment`));
      } else queue.push(waiting);
    });
  }

  private async serve(poolId: string): Promise<void> {
    for (;;) {
      const queue = this.queues.get(poolId) ?? [];
      if (queue.length === 0) {
        this.queues.delete(poolId);
        return;
      }
      await this.turn(poolId, nextOf(queue));
    }
  }

  private async turn(poolId: string, asks: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.hall.writeTogether<AllocationRequest, Outcome, TurnToAllocate>(
        asks,
        (asked, turn) => allocateOrQueue(poolId, asked, turn),
        (tx) => takeTurnToAllocate(tx, poolId, asks.map(({ input }) => input.holder)),
      );
      asks.forEach((ask, at) => {
        const outcome = outcomes[at];
        if (outcome === undefined || outcome instanceof CasmError) ask.reject(outcome);
        else ask.resolve(outcome);
      });
    } catch (error) {
      // Where the connection was lost they may have been kept all the same: done again they might be done twice.
      if (asks.length === 1 || !isUndone(error) || isUnconnected(error)) for (const ask of asks) ask.reject(error);
      // One of them cannot be kept, and it is not known which: each for itself.
      else for (const ask of asks) await this.turn(poolId, [ask]);
    }
  }
}

/** The turn is held still: whoever would wait does so before any space can return. */
async function allocateOrQueue(poolId: string, asks: readonly AllocationAsk[], turn?: Promise<TurnToAllocate>): Promise<(Outcome | CasmError)[]> {
  const outcomes: (Outcome | CasmError)[] = await allocateFromPool(poolId, asks, turn);
  for (const [at, { work, input }] of asks.entries()) {
    const outcome = outcomes[at];
    if (outcome instanceof CasmError) outcomes[at] = await waitForSpace(work, input, [poolId], outcome);
  }
  return outcomes;
}

/** The next to share a turn, in order; one whose idempotency key is among them already waits for its answer. */
function nextOf(queue: Waiting[]): Waiting[] {
  const keys = new Set<string>();
  const next: Waiting[] = [];
  const later: Waiting[] = [];
  for (const one of queue.splice(0, together)) {
    const key = one.call.idempotency && `${one.call.actor.tokenId}:${one.call.idempotency.key}`;
    if (key !== undefined && keys.has(key)) later.push(one);
    else next.push(one);
    if (key !== undefined) keys.add(key);
  }
  queue.unshift(...later);
  return next;
}
