/** The tables of imports: each with its lines until they are applied, and with those that were refused. */
import type { Actor } from '../model/audit.js';
import type { ExchangeLine } from '../model/exchange.js';
import type { Import, Refusal } from '../model/import.js';
import type { PageRequest } from '../model/page.js';
import { oneRow, row, rows, time, type Tx } from './sql.js';

interface ImportRow {
  id: string;
  kind: Import['kind'];
  space_id: string;
  mode: Import['mode'];
  dry_run: boolean;
  actor: Actor;
  request_id: string;
  state: Import['state'];
  lines_read: string;
  lines_done: string;
  created: string;
  refused: string;
  created_at: Date;
  finished_at: Date | null;
}

function toImport(found: ImportRow): Import {
  return {
    id: found.id,
    kind: found.kind,
    spaceId: found.space_id,
    mode: found.mode,
    dryRun: found.dry_run,
    state: found.state,
    linesRead: Number(found.lines_read),
    linesDone: Number(found.lines_done),
    created: Number(found.created),
    refused: Number(found.refused),
    createdAt: time(found.created_at),
    finishedAt: time(found.finished_at),
  };
}

export interface NewImport extends Pick<Import, 'id' | 'kind' | 'spaceId' | 'mode' | 'dryRun'> {
  readonly actor: Actor;
  readonly requestId: string;
  readonly now: Date;
}

export async function insertImport(tx: Tx, one: NewImport): Promise<Import> {
  return toImport(
    await oneRow<ImportRow>(
      tx,
      `insert into imports (id, kind, space_id, mode, dry_run, actor, request_id, state, created_at, touched_at) values ($1, $2, $3, $4, $5, $6, $7, 'receiving', $8, $8) returning *`,
      [one.id, one.kind, one.spaceId, one.mode, one.dryRun, one.actor, one.requestId, one.now],
    ),
  );
}

export async function findImport(tx: Tx, id: string): Promise<Import | undefined> {
  const found = await row<ImportRow>(tx, 'select * from imports where id = $1', [id]);
  return found && toImport(found);
}

/** The newest first. */
export async function listImports(tx: Tx, page: PageRequest, { spaceId }: { spaceId?: string }): Promise<Import[]> {
  const found = await rows<ImportRow>(tx, 'select * from imports where ($1::uuid is null or id < $1) and ($2::uuid is null or space_id = $2) order by id desc limit $3', [page.after, spaceId ?? null, page.limit + 1]);
  return found.map(toImport);
}

/** Takes the turn of its end. */
export async function lockImport(tx: Tx, id: string): Promise<Import | undefined> {
  const found = await row<ImportRow>(tx, 'select * from imports where id = $1 for no key update', [id]);
  return found && toImport(found);
}

/** Who brought it, under which request. */
export async function bringerOf(tx: Tx, id: string): Promise<{ actor: Actor; requestId: string } | undefined> {
  return row(tx, 'select actor, request_id as "requestId" from imports where id = $1', [id]);
}

export interface ImportChange {
  readonly state: Import['state'];
  readonly linesRead?: number;
  readonly linesDone?: number;
  readonly created?: number;
  readonly refused?: number;
  readonly finished?: boolean;
}

/** Counts are added to what is there. */
export async function advanceImport(tx: Tx, id: string, now: Date, change: ImportChange): Promise<Import> {
  return toImport(
    await oneRow<ImportRow>(
      tx,
      `update imports set state = $2, touched_at = $3, lines_read = lines_read + $4, lines_done = lines_done + $5, created = created + $6, refused = refused + $7,
         finished_at = case when $8 then $3::timestamptz end where id = $1 returning *`,
      [id, change.state, now, change.linesRead ?? 0, change.linesDone ?? 0, change.created ?? 0, change.refused ?? 0, change.finished ?? false],
    ),
  );
}

/** How far it is, seen while the transaction that applies it is still open. One that is finished stays so. */
export async function setLinesDone(tx: Tx, id: string, now: Date, linesDone: number): Promise<void> {
  await rows(tx, `update imports set state = 'running', touched_at = $2, lines_done = $3 where id = $1 and finished_at is null`, [id, now, linesDone]);
}

export async function deleteImport(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'delete from imports where id = $1', [id]);
}

/** Uploads that broke off, and what has been finished for long. */
export async function deleteImportsBefore(tx: Tx, broken: Date, finished: Date): Promise<void> {
  await rows(tx, `delete from imports where (state = 'receiving' and touched_at < $1) or finished_at < $2`, [broken, finished]);
}

export async function insertChunk(tx: Tx, id: string, number: number, lines: readonly ExchangeLine[]): Promise<void> {
  await rows(tx, 'insert into import_chunks (import_id, number, lines) values ($1, $2, $3::json)', [id, number, JSON.stringify(lines)]);
}

export interface Chunk {
  readonly number: number;
  readonly lines: readonly ExchangeLine[];
}

/**
 * The first chunk that has not been applied, behind a given one; its turn is the caller's. Of two who apply the same import, since
 * one was taken for dead, the second waits and finds what the first has left.
 */
export async function nextChunk(tx: Tx, id: string, after: number): Promise<Chunk | undefined> {
  return row(tx, 'select number, lines from import_chunks where import_id = $1 and number > $2 order by number limit 1 for update', [id, after]);
}

/** @param number the one; all of them without it */
export async function deleteChunks(tx: Tx, id: string, number: number | null = null): Promise<void> {
  await rows(tx, 'delete from import_chunks where import_id = $1 and ($2::int is null or number = $2)', [id, number]);
}

export async function insertRefusals(tx: Tx, id: string, refusals: readonly Refusal[]): Promise<void> {
  if (refusals.length === 0) return;
  await rows(
    tx,
    `insert into import_refusals (import_id, line, code, detail, content)
     select $1, r.line, r.code, r.detail, r.text from jsonb_to_recordset($2::jsonb) as r (line bigint, code text, detail text, text text) on conflict do nothing`,
    [id, JSON.stringify(refusals)],
  );
}

export async function listRefusals(tx: Tx, id: string, page: PageRequest): Promise<Refusal[]> {
  const found = await rows<Omit<Refusal, 'line'> & { line: string }>(
    tx,
    'select line, code, detail, content as text from import_refusals where import_id = $1 and ($2::bigint is null or line > $2) order by line limit $3',
    [id, page.after, page.limit + 1],
  );
  return found.map((refusal) => ({ ...refusal, line: Number(refusal.line) }));
}
