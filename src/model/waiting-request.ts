/** A request that could not be served and waits until space returns, it is cancelled or its time is over. */
import type { Actor } from './audit.js';
import type { AllocationRequest } from './allocation.js';

export type WaitingState = 'waiting' | 'served' | 'expired' | 'cancelled';

export interface WaitingRequest {
  readonly id: string;
  readonly state: WaitingState;
  /** Its place among those that wait for any of the same pools; null when it waits no more. */
  readonly position: number | null;
  readonly priority: number;
  readonly poolIds: readonly string[];
  readonly holder: string;
  readonly allocationId: string | null;
  readonly reason: string | null;
  readonly expiresAt: string;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly request: AllocationRequest;
}

/** As the queue sees it: whose request it is, and what is kept free for it while it is the first. */
export interface Queued extends WaitingRequest {
  readonly actor: Actor;
  readonly requestId: string;
  readonly kept: string | null;
  /** Whether the token it was asked with is valid still. */
  readonly entitled: boolean;
}

/** Whether an answer to a request is a place in the queue. */
export function isWaiting(answer: object): answer is WaitingRequest {
  return 'position' in answer && 'poolIds' in answer;
}
