import type { AllocationRequest } from '../../model/allocation.js';
import { CasmError, type ErrorCode } from '../../model/errors.js';
import { formatPrefix, parsePrefix } from '../../model/prefix.js';
import { lengthToAllocate } from '../../model/pool.js';
import { defaultPriority } from '../../model/wait.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { enqueueServing, enqueueWaitingExpiry } from '../../storage/jobs.js';
import { findPool } from '../../storage/pools.js';
import { nearestBlock } from '../../storage/waiting-queues.js';
import { findWaitingRequest, insertWaitingRequest } from '../../storage/waiting-requests.js';
import { found } from '../not-found.js';
import { familiesOf, familyOf } from '../pools/family-of.js';
import type { Work } from '../work.js';

/** Refusals that waiting may turn into an allocation. */
const worthWaiting: ReadonlySet<ErrorCode> = new Set(['pool-exhausted', 'prefix-not-free']);

/**
 * Puts a refused request into the queue of the pools, where it says that it would wait and that is not in vain.
 * @param poolIds of a single one the turn is held, so that no return of space is missed; several are looked at again after the commit
 * @returns its place, or the refusal as it was
 */
export async function waitForSpace(work: Work, request: AllocationRequest, poolIds: readonly string[], refusal: CasmError): Promise<WaitingRequest | CasmError> {
  const { tx, now } = work;
  if (request.wait === undefined || request.holdId !== undefined || !worthWaiting.has(refusal.code)) return refusal;
  const [poolId = ''] = poolIds;
  const nearest = poolIds.length === 1 ? await kept(work, poolId, request) : null;
  if (nearest === undefined) return new CasmError(refusal.code, `${refusal.message}; waiting would be in vain, since no prefix of the pool is large enough`, refusal.details);
  const { seconds, priority = defaultPriority } = request.wait;
  const [id, expiresAt] = [work.newId(), new Date(now.getTime() + seconds * 1_000)];
  await insertWaitingRequest(tx, { id, priority, poolIds, request, actor: work.actor, requestId: work.requestId, kept: nearest, createdAt: now, expiresAt });
  await enqueueWaitingExpiry(tx, id, expiresAt);
  // If it is the first now, what was kept for the one before it is for those behind both.
  await enqueueServing(tx, poolIds);
  const waiting = found(await findWaitingRequest(tx, id), 'waiting-request', id);
  const { position: _, ...lasting } = waiting;
  work.audit({ resourceType: 'waiting-request', resourceId: id, before: null, after: lasting });
  return waiting;
}

/** What is kept for it should it be the first of the queue; null: nothing. Undefined: the pool can never serve it. */
async function kept({ tx }: Work, poolId: string, request: AllocationRequest): Promise<string | null | undefined> {
  if (request.prefix !== undefined) return formatPrefix(parsePrefix(request.prefix));
  const pool = found(await findPool(tx, poolId), 'pool', poolId);
  const family = request.family ?? familyOf(undefined, familiesOf(pool.prefixes));
  const nearest = await nearestBlock(tx, poolId, family, lengthToAllocate(pool.policy, family, request.prefixLength));
  if (nearest === null) return undefined;
  // Where the request names its own region, the nearest block may not be for it.
  return request.allowedPrefixes === undefined && request.disallowedPrefixes === undefined ? nearest : null;
}
