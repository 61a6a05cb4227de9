/**
 * The table of the audit, which is the journal of everything: written in the transaction of what it tells of, and never
 * changed. Here it is written, and read by who and what; journal.ts reads it in order, history.ts by address.
 */
import type { AuditEntry } from '../model/audit.js';
import type { PageRequest } from '../model/page.js';
import { prepared, rows, time, type Tx } from './sql.js';

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'>;

export async function insertAudit(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const column = (of: (entry: NewAuditEntry) => unknown): unknown[] => entries.map(of);
  const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
  await prepared(
    tx,
    `insert into audit (turn, at, token_id, actor, role, request_id, operation, resource_type, resource_id, before, after)
     select (select journal_turn()), (select clock_timestamp()), x.*
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::jsonb[], $9::jsonb[]) as x`,
    [
      column((entry) => entry.actor.tokenId),
      column((entry) => entry.actor.name),
      column((entry) => entry.actor.role),
      column((entry) => entry.requestId),
      column((entry) => entry.operation),
      column((entry) => entry.resourceType),
      column((entry) => entry.resourceId),
      column((entry) => json(entry.before)),
      column((entry) => json(entry.after)),
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
