/** How a waiting request is read from its row, whoever asks. */
import type { Actor } from '../model/audit.js';
import type { AllocationRequest } from '../model/allocation.js';
import type { WaitingRequest, WaitingState } from '../model/waiting-request.js';
import { time } from './sql.js';

export interface WaitingRow {
  id: string;
  state: WaitingState;
  position: string | null;
  priority: number;
  pool_ids: string[];
  kept: string | null;
  holder: string;
  request: AllocationRequest;
  actor: Actor;
  request_id: string;
  allocation_id: string | null;
  reason: string | null;
  expires_at: Date;
  created_at: Date;
  ended_at: Date | null;
}

/** The array of pool ids as the driver gives it, and the place that the request has at this moment. */
export const select = `
  select w.*, w.pool_ids::text[] as pool_ids, case when w.state = 'waiting' then 1 + (
    select count(*) from waiting_requests o where o.state = 'waiting' and o.pool_ids && w.pool_ids
      and (o.priority > w.priority or (o.priority = w.priority and o.arrival < w.arrival))) end as position
  from waiting_requests w`;

export function toWaiting(found: WaitingRow): WaitingRequest {
  return {
    id: found.id,
    state: found.state,
    position: found.position === null ? null : Number(found.position),
    priority: found.priority,
    poolIds: found.pool_ids,
    holder: found.holder,
    allocationId: found.allocation_id,
    reason: found.reason,
    expiresAt: time(found.expires_at),
    createdAt: time(found.created_at),
    endedAt: time(found.ended_at),
    request: found.request,
  };
}
