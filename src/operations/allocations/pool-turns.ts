/** Concurrent requests to one pool share its turn: those that take from it with each other, and so those that give back. */
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { releasedBy } from '../../storage/allocations.js';
import type { Ask, Hall } from '../hall.js';
import { SharedTurns } from '../shared-turns.js';
import { waitForSpace } from '../waiting/wait-for-space.js';
import type { Call, Kept } from '../work.js';
import { allocateFromPool } from './allocate-from-pool.js';
import type { AllocationAsk } from './ticket.js';
import { allocateOrWait } from './allocate-or-wait.js';
import { releaseAllocation } from './release-allocation.js';
import { releaseFromPool, releaseTogether, type Release } from './release-together.js';
import { takeTurnToAllocate, type TurnToAllocate } from './turn-to-allocate.js';

/** So many may wait for one pool; beyond that waiting would only end in time-outs. */
export const longestQueue = 5_000;

type Outcome = Allocation | WaitingRequest;

export class PoolTurns {
  private readonly allocations: SharedTurns<AllocationRequest, Outcome>;
  private readonly releases: SharedTurns<Release, Allocation>;
  /** Of what devices or parent CAs have to let go of first. */
  private readonly withdrawals: SharedTurns<Release, Allocation>;

  constructor(
    private readonly hall: Hall,
    longest = longestQueue,
  ) {
    this.allocations = new SharedTurns<AllocationRequest, Outcome>((poolId, asks) => this.allocateTogether(poolId, asks), keyOf, longest);
    const apart = (ask: Ask<Release>): string[] => [ask.input.allocationId, ...keyOf(ask)];
    this.releases = new SharedTurns((poolId, asks) => hall.writeTogether(asks, (asked) => releaseFromPool(poolId, asked)), apart, longest);
    this.withdrawals = new SharedTurns((_, asks) => hall.writeTogether(asks, releaseTogether), apart, longest);
  }

  /** @throws CasmError what allocatePrefix throws, and `busy` when too many wait already. */
  allocate(call: Call, input: AllocationRequest): Promise<Kept<Outcome>> {
    const { poolId } = input;
    if (poolId === undefined || call.dryRun === true) return this.hall.write(call, allocateOrWait, input);
    return this.allocations.ask(poolId, { call, input });
  }

  /** @throws CasmError what releaseAllocation throws, and `busy` when too many wait already. */
  async release(call: Call, input: Release): Promise<Kept<Allocation>> {
    // Whatever becomes of it meanwhile, the turns that its release needs are found anew.
    const seen = call.dryRun === true ? undefined : await this.hall.glance(releasedBy, input.allocationId);
    if (seen === undefined) return this.hall.write(call, releaseAllocation, input);
    return seen.servedBy === null ? this.releases.ask(seen.poolId, { call, input }) : this.withdrawals.ask(seen.servedBy, { call, input });
  }

  private allocateTogether(poolId: string, asks: readonly Ask<AllocationRequest>[]): Promise<(Kept<Outcome> | CasmError)[]> {
    return this.hall.writeTogether<AllocationRequest, Outcome, TurnToAllocate>(
      asks,
      (asked, turn) => allocateOrQueue(poolId, asked, turn),
      (tx) => takeTurnToAllocate(tx, poolId, asks.map(({ input }) => input.holder)),
    );
  }
}

/** One whose idempotency key is among those served already waits for its answer. */
function keyOf({ call: { actor, idempotency } }: Ask<unknown>): string[] {
  return idempotency === undefined ? [] : [`${actor.tokenId}:${idempotency.key}`];
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
