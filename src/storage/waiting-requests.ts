/** The table of waiting requests, one by one; as queues they are in waiting-queues.ts. */
import type { Actor } from '../model/audit.js';
import type { AllocationRequest } from '../model/allocation.js';
import type { PageRequest } from '../model/page.js';
import type { WaitingRequest, WaitingState } from '../model/waiting-request.js';
import { row, rows, type Tx } from './sql.js';
import { select, toWaiting, type WaitingRow } from './waiting-row.js';

export interface NewWaitingRequest {
  readonly id: string;
  readonly priority: number;
  readonly poolIds: readonly string[];
  readonly request: AllocationRequest;
  readonly actor: Actor;
  readonly requestId: string;
  readonly kept: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export async function insertWaitingRequest(tx: Tx, waiting: NewWaitingRequest): Promise<void> {
  await rows(
    tx,
    `insert into waiting_requests (id, priority, pool_ids, holder, request, actor, request_id, kept, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      waiting.id,
      waiting.priority,
      waiting.poolIds,
      waiting.request.holder,
      JSON.stringify(waiting.request),
      JSON.stringify(waiting.actor),
      waiting.requestId,
      waiting.kept,
      waiting.createdAt,
      waiting.expiresAt,
    ],
  );
}

export async function findWaitingRequest(tx: Tx, id: string): Promise<WaitingRequest | undefined> {
  const found = await row<WaitingRow>(tx, `${select} where w.id = $1`, [id]);
  return found && toWaiting(found);
}

export async function lockWaitingRequest(tx: Tx, id: string): Promise<WaitingRequest | undefined> {
  const found = await row<WaitingRow>(tx, `${select} where w.id = $1 for no key update of w`, [id]);
  return found && toWaiting(found);
}

export interface End {
  readonly id: string;
  readonly state: Exclude<WaitingState, 'waiting'>;
  readonly allocationId?: string;
  readonly reason?: string;
}

/** Ends requests whose turns the caller holds. */
export async function endWaiting(tx: Tx, ends: readonly End[], now: Date): Promise<void> {
  if (ends.length === 0) return;
  await rows(
    tx,
    `update waiting_requests w set state = e.state, allocation_id = e."allocationId", reason = e.reason, ended_at = $2
     from jsonb_to_recordset($1::jsonb) as e (id uuid, state text, "allocationId" uuid, reason text) where w.id = e.id and w.state = 'waiting'`,
    [JSON.stringify(ends), now],
  );
}

export async function deleteWaitingEndedBefore(tx: Tx, before: Date): Promise<void> {
  await rows(tx, `delete from waiting_requests where state <> 'waiting' and ended_at < $1`, [before]);
}

export async function listWaitingRequests(tx: Tx, page: PageRequest, filter: { state?: string; poolId?: string; holder?: string }): Promise<WaitingRequest[]> {
  const found = await rows<WaitingRow>(
    tx,
    `${select} where ($1::uuid is null or w.id > $1) and ($2::text is null or w.state = $2) and ($3::uuid is null or w.pool_ids @> array[$3])
       and ($4::text is null or w.holder = $4) order by w.id limit $5`,
    [page.after, filter.state ?? null, filter.poolId ?? null, filter.holder ?? null, page.limit + 1],
  );
  return found.map(toWaiting);
}
