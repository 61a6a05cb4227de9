/**
 * Events: entries of the audit in the journal's final order, as others may follow them. Tokens are no subject of events,
 * and what is not listed here is told to nobody.
 */
import type { AuditEntry } from './audit.js';
import { CasmError } from './errors.js';

export const eventResourceTypes = ['space', 'pool', 'allocation', 'device', 'delivery', 'certificate', 'hold', 'waiting-request', 'quota', 'alarm', 'import'] as const;
export type EventResourceType = (typeof eventResourceTypes)[number];

/** A place in the journal: by turn of the writing transaction, then by id. Both are decimal. */
export interface Position {
  readonly turn: string;
  readonly id: string;
}

export const beginning: Position = { turn: '0', id: '0' };

/** An entry and its place. */
export interface JournalEntry extends AuditEntry {
  readonly turn: string;
  readonly resourceType: EventResourceType;
}

/** `turn.id`: how a place is written where people read it. */
export function writePlace({ turn, id }: Position): string {
  return `${turn}.${id}`;
}

/** The cursor of a place. */
export function writePosition(place: Position): string {
  return Buffer.from(writePlace(place)).toString('base64url');
}

/** @throws CasmError `invalid-cursor` */
export function readPosition(cursor: string): Position {
  const [, turn, id] = /^([0-9]{1,18})\.([0-9]{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (turn === undefined || id === undefined) throw new CasmError('invalid-cursor', 'the cursor is not one that the feed gave: start without one');
  return { turn, id };
}

export interface Happening {
  readonly verb: 'created' | 'updated' | 'deleted';
  /** As it was after the change; before it, where it is gone. */
  readonly resource: object;
}

/** What an entry tells of. An allocation that has become free is gone, though its release answers with it once more. */
export function happening({ before, after }: Pick<AuditEntry, 'before' | 'after'>): Happening {
  const gone = after === null || (after as { state?: string }).state === 'free';
  if (gone) return { verb: 'deleted', resource: after ?? before ?? {} };
  return { verb: before === null ? 'created' : 'updated', resource: after };
}
