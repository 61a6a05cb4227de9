/**
 * The audit in its final order, (turn, id), as far as the horizon: every transaction before it has ended, so nothing will
 * ever appear among what is read here. Reads, and sets nothing but the epoch.
 */
import type { EventResourceType, JournalEntry, Position } from '../model/event.js';
import { toEntry, type AuditRow } from './audit.js';
import { oneRow, rows, type Tx } from './sql.js';

interface JournalRow extends AuditRow {
  turn: string;
  resource_type: EventResourceType;
}

export interface EventFilter {
  readonly resourceTypes: readonly EventResourceType[];
  readonly poolId?: string;
  readonly holder?: string;
}

export interface Reading {
  readonly entries: readonly JournalEntry[];
  /** Everything before this place has been looked at. */
  readonly readTo: Position;
}

/** Behind every entry of its turn. */
const endOfTurn = '999999999999999999';

/** Who begins here is told of nothing but what is still to come. */
export const endOfEverything: Position = { turn: endOfTurn, id: endOfTurn };

/** At most `limit` entries behind a place, oldest first; one statement, so one moment. */
export async function readJournal(tx: Tx, after: Position, limit: number, filter: EventFilter): Promise<Reading> {
  const found = await rows<(JournalRow | { id: null }) & { horizon: string }>(
    tx,
    `select h.horizon, e.* from (select journal_horizon() as horizon) h left join lateral (
       select * from audit where (turn, id) > ($1::bigint, $2::bigint) and turn < h.horizon and resource_type = any($3::text[])
         and ($4::uuid is null or (resource_type = 'pool' and resource_id = $4) or before ->> 'poolId' = $4::text or after ->> 'poolId' = $4::text)
         and ($5::text is null or before ->> 'holder' = $5 or after ->> 'holder' = $5)
       order by turn, id limit $6) e on true
     order by e.turn, e.id`,
    [after.turn, after.id, filter.resourceTypes, filter.poolId ?? null, filter.holder ?? null, limit],
  );
  const entries = found.flatMap((entry) => (entry.id === null ? [] : [{ ...toEntry(entry), turn: entry.turn, resourceType: entry.resource_type }]));
  const last = entries.at(-1);
  const horizon = BigInt(found[0]?.horizon ?? 1);
  if (entries.length === limit && last !== undefined) return { entries, readTo: last };
  return { entries, readTo: { turn: String(horizon - 1n), id: endOfTurn } };
}

/** The newest place before the horizon; it changes when there is something new to read. */
export async function newestPlace(tx: Tx): Promise<string> {
  const { place } = await oneRow<{ place: string | null }>(
    tx,
    `select (select turn || '.' || id from audit where turn < journal_horizon() order by turn desc, id desc limit 1) as place`,
  );
  return place ?? '';
}

/**
 * After a dump was restored into another cluster, the numbers of its transactions may be smaller than those in the journal:
 * they are lifted above, so that what is new comes after what is old. Nothing happens anywhere else.
 */
export async function liftEpoch(tx: Tx): Promise<void> {
  await rows(
    tx,
    `update journal_epoch set shift = shift + newest.turn + 1 - journal_turn() from (select max(turn) as turn from audit) newest where newest.turn > journal_turn()`,
  );
}
