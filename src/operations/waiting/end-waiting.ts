/** How waiting ends otherwise than by being served: it is cancelled, or its time is over. */
import { CasmError } from '../../model/errors.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { forgetPool, lockWaitingFor, lockWaitingOf } from '../../storage/waiting-queues.js';
import { endWaiting, findWaitingRequest, lockWaitingRequest, type End } from '../../storage/waiting-requests.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { wakeWaiting } from './wake-waiting.js';

/** Repeating it is no error. @throws CasmError `waiting-request-not-found`, `state-conflict` when it has ended otherwise */
export async function cancelWaitingRequest(work: Work, { waitingRequestId }: { waitingRequestId: string }): Promise<WaitingRequest> {
  const before = found(await lockWaitingRequest(work.tx, waitingRequestId), 'waiting-request', waitingRequestId);
  if (before.state === 'cancelled') return before;
  if (before.state !== 'waiting') throw new CasmError('state-conflict', `the request waits no more: it is ${before.state}`, { conflicts: before.allocationId === null ? [] : [before.allocationId] });
  return end(work, before, { id: before.id, state: 'cancelled', reason: `cancelled by ${work.actor.name}` });
}

/** Ends a request whose time is over; any other is left alone. */
export async function expireWaitingRequest(work: Work, { waitingRequestId }: { waitingRequestId: string }): Promise<void> {
  const before = await lockWaitingRequest(work.tx, waitingRequestId);
  if (before?.state === 'waiting' && new Date(before.expiresAt) <= work.now) await end(work, before, { id: before.id, state: 'expired' });
}

/** Nothing will come from a pool that is gone. */
export async function cancelWaitingFor(work: Work, poolId: string): Promise<void> {
  const queue = await lockWaitingFor(work.tx, [poolId]);
  await forgetPool(work.tx, poolId);
  auditPools(work, queue.filter(({ poolIds }) => poolIds.length > 1), (id) => (id === poolId ? [] : [id]));
  await cancel(work, queue.filter(({ poolIds }) => poolIds.length === 1), 'the pool was deleted');
}

/** Nothing is done in the name of a token that is no more. */
export async function cancelWaitingOf(work: Work, tokenId: string): Promise<void> {
  await cancel(work, await lockWaitingOf(work.tx, tokenId), 'the token it was asked with was deleted');
}

async function cancel(work: Work, queue: readonly WaitingRequest[], reason: string): Promise<void> {
  const ends = queue.map(({ id }): End => ({ id, state: 'cancelled', reason }));
  await endWaiting(work.tx, ends, work.now);
  auditEnds(work, queue, ends);
  wakeWaiting(work.tx, [...new Set(queue.flatMap(({ poolIds }) => poolIds))].sort());
}

/** What was kept for it is for others now. */
async function end(work: Work, before: WaitingRequest, how: End): Promise<WaitingRequest> {
  await endWaiting(work.tx, [how], work.now);
  wakeWaiting(work.tx, before.poolIds);
  const after = found(await findWaitingRequest(work.tx, before.id), 'waiting-request', before.id);
  work.audit({ resourceType: 'waiting-request', resourceId: before.id, before: plain(before), after: plain(after) });
  return after;
}

/** The places of a queue are of one moment, and not of the journal. */
export function auditEnds(work: Work, queue: readonly WaitingRequest[], ends: readonly End[]): void {
  for (const { id, ...how } of ends) {
    const waited = queue.find((one) => one.id === id);
    if (waited === undefined) continue;
    const after = { ...plain(waited), ...how, endedAt: work.now.toISOString() };
    work.audit({ resourceType: 'waiting-request', resourceId: id, before: plain(waited), after });
  }
}

/** Of those that wait on: for what each of their pools has become. */
export function auditPools(work: Work, queue: readonly WaitingRequest[], become: (poolId: string) => string[]): void {
  for (const waits of queue) {
    const after = { ...plain(waits), poolIds: [...new Set(waits.poolIds.flatMap(become))] };
    work.audit({ resourceType: 'waiting-request', resourceId: waits.id, before: plain(waits), after });
  }
}

function plain({ id, state, priority, poolIds, holder, allocationId, reason, expiresAt, createdAt, endedAt, request }: WaitingRequest): object {
  return { id, state, priority, poolIds, holder, allocationId, reason, expiresAt, createdAt, endedAt, request };
}
