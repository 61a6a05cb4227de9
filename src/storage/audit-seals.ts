/** The table of seals, and the rows they seal in the canonical text of docs/history.md. Seals are added, and never changed. */
import { beginning, type Position } from '../model/event.js';
import type { Seal, SealedRow } from '../model/seal.js';
import { oneRow, row, rows, time, type Tx } from './sql.js';

/** One JSON array a row, as PostgreSQL writes jsonb: numbers, texts and nulls. The JSON inside is a text too, so that its null is not SQL's. */
const canonicalText = `jsonb_build_array(id, turn, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), token_id, actor, role, request_id, operation,
  resource_type, resource_id, before::text, after::text, prefix::text, space_id)::text`;

interface SealRow {
  number: string;
  after_turn: string;
  after_id: string;
  last_turn: string;
  last_id: string;
  last_at: Date;
  row_hashes: Buffer;
  previous_hash: Buffer;
  hash: Buffer;
}

function toSeal(found: SealRow): Seal {
  return {
    number: found.number,
    after: { turn: found.after_turn, id: found.after_id },
    last: { turn: found.last_turn, id: found.last_id },
    lastAt: time(found.last_at),
    rowHashes: found.row_hashes,
    previousHash: found.previous_hash,
    hash: found.hash,
  };
}

/** Takes the turn of whoever seals, until the transaction ends. */
export async function lockSeals(tx: Tx): Promise<void> {
  await rows(tx, 'lock table audit_seals in share row exclusive mode');
}

export async function newestSeal(tx: Tx): Promise<Seal | undefined> {
  const found = await row<SealRow>(tx, 'select * from audit_seals order by number desc limit 1');
  return found && toSeal(found);
}

export async function listSeals(tx: Tx, afterNumber: string, limit: number): Promise<Seal[]> {
  return (await rows<SealRow>(tx, 'select * from audit_seals where number > $1 order by number limit $2', [afterNumber, limit])).map(toSeal);
}

export async function insertSeal(tx: Tx, seal: Seal): Promise<void> {
  await rows(
    tx,
    `insert into audit_seals (number, after_turn, after_id, last_turn, last_id, last_at, row_hashes, previous_hash, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [seal.number, seal.after.turn, seal.after.id, seal.last.turn, seal.last.id, seal.lastAt, seal.rowHashes, seal.previousHash, seal.hash],
  );
}

export interface UnsealedRow extends SealedRow, Position {
  readonly at: string;
}

/** Rows behind a place and before the horizon: none will come between them any more. */
export async function unsealedRows(tx: Tx, after: Position, limit: number): Promise<UnsealedRow[]> {
  const found = await rows<Position & { at: Date; text: string }>(
    tx,
    `select turn, id, at, ${canonicalText} as text from audit where (turn, id) > ($1::bigint, $2::bigint) and turn < journal_horizon() order by turn, id limit $3`,
    [after.turn, after.id, limit],
  );
  return found.map((one) => ({ ...one, at: time(one.at) }));
}

/** What stands now where a seal was put. */
export async function rowsBetween(tx: Tx, after: Position, last: Position): Promise<SealedRow[]> {
  return rows(
    tx,
    `select id, ${canonicalText} as text from audit where (turn, id) > ($1::bigint, $2::bigint) and (turn, id) <= ($3::bigint, $4::bigint) order by turn, id`,
    [after.turn, after.id, last.turn, last.id],
  );
}

/** How many entries no seal covers yet, and since when. */
export async function unsealedTail(tx: Tx, after: Position): Promise<{ rows: number; since: string | null }> {
  const { count, since } = await oneRow<{ count: string; since: Date | null }>(
    tx,
    'select count(*) as count, min(at) as since from audit where (turn, id) > ($1::bigint, $2::bigint)',
    [after.turn, after.id],
  );
  return { rows: Number(count), since: time(since) };
}

/** The end of the sealed ranges that lie wholly before a time. */
export async function sealedBefore(tx: Tx, cutoff: Date): Promise<Position> {
  const found = await row<Position>(
    tx,
    `select last_turn as turn, last_id as id from audit_seals where number < (select coalesce(min(number) filter (where last_at >= $1), max(number) + 1) from audit_seals)
     order by number desc limit 1`,
    [cutoff],
  );
  return found ?? beginning;
}

/**
 * Deletes up to `limit` entries of sealed ranges. What began a state of an allocation that was still valid at the cut-off stays:
 * it answers for a time that is kept.
 */
export async function deleteSealed(tx: Tx, until: Position, cutoff: Date, limit: number): Promise<number> {
  await rows(tx, `set local casm.forget = 'past retention'`);
  const { count } = await oneRow<{ count: string }>(
    tx,
    `with past as (
       select a.id from audit a where (a.turn, a.id) <= ($1::bigint, $2::bigint)
         and (a.resource_type <> 'allocation' or a.after is null or a.after ->> 'state' = 'free'
           or exists (select from audit n where n.resource_id = a.resource_id and n.id > a.id and n.at < $3))
       order by a.turn, a.id limit $4
     ), gone as (delete from audit where id in (select id from past) returning 1)
     select count(*) from gone`,
    [until.turn, until.id, cutoff, limit],
  );
  await rows(tx, `set local casm.forget = ''`);
  return Number(count);
}

/** The latest cut-off that was ever applied, by the journal's own entries; null when nothing has been forgotten. */
export async function forgottenBefore(tx: Tx): Promise<string | null> {
  const { cutoff } = await oneRow<{ cutoff: Date | null }>(tx, `select max((after ->> 'before')::timestamptz) as cutoff from audit where operation = 'forgetHistory' and resource_type = 'history'`);
  return time(cutoff);
}
