/**
 * The table of the audit, which is the journal of everything: written in the transaction of what it tells of, and never
 * changed. Here it is written, and read by who and what; journal.ts reads it in order, history.ts by address.
 */
import type { AuditEntry } from '../model/audit.js';
import type { PageRequest } from '../model/page.js';
import { rows, time, type Tx } from './sql.js';

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'>;

export async function insertAudit(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await rows(
    tx,
    `insert into audit (turn, at, token_id, actor, role, request_id, operation, resource_type, resource_id, before, after)
     select (select journal_turn()), (select clock_timestamp()), x.token_id, x.actor, x.role, x.request_id, x.operation, x.resource_type, x.resource_id, x.before, x.after
     from jsonb_to_recordset($1::jsonb) as x (token_id uuid, actor text, role text, request_id text, operation text, resource_type text, resource_id uuid, before jsonb, after jsonb)`,
    [
      JSON.stringify(
        entries.map((entry) => ({
          token_id: entry.actor.tokenId,
          actor: entry.actor.name,
          role: entry.actor.role,
          request_id: entry.requestId,
          operation: entry.operation,
          resource_type: entry.resourceType,
          resource_id: entry.resourceId,
          before: entry.before,
          after: entry.after,
        })),
      ),
    ],
  );
}

export interface AuditRow {
  id: string;
  at: Date;
  token_id: string | null;
  actor: string;
  role: string;
  request_id: string;
  operation: string;
  resource_type: string;
  resource_id: string | null;
  before: object | null;
  after: object | null;
}

export interface AuditFilter {
  readonly resourceId?: string;
  readonly requestId?: string;
  readonly operation?: string;
}

/** Newest first. */
export async function listAudit(tx: Tx, page: PageRequest, filter: AuditFilter): Promise<AuditEntry[]> {
  const found = await rows<AuditRow>(
    tx,
    `select * from audit where ($1::bigint is null or id < $1) and ($2::uuid is null or resource_id = $2) and ($3::text is null or request_id = $3)
       and ($4::text is null or operation = $4) order by id desc limit $5`,
    [page.after, filter.resourceId ?? null, filter.requestId ?? null, filter.operation ?? null, page.limit + 1],
  );
  return found.map(toEntry);
}

export function toEntry(entry: AuditRow): AuditEntry {
  return {
    id: entry.id,
    at: time(entry.at),
    actor: { tokenId: entry.token_id, name: entry.actor, role: entry.role },
    requestId: entry.request_id,
    operation: entry.operation,
    resourceType: entry.resource_type,
    resourceId: entry.resource_id,
    before: entry.before,
    after: entry.after,
  };
}
