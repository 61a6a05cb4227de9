/**
 * Seals: SHA-256 over each row of a range of the journal, and over those hashes and the seal before. docs/history.md defines the
 * bytes. Knows how to make a seal and how to hold rows against one; knows no database.
 */
import { createHash } from 'node:crypto';
import { writePlace, type Position } from './event.js';

export interface SealedRange {
  /** 1, 2, 3 …: a number that is missing is a seal that is gone. */
  readonly number: string;
  /** The range begins behind this place … */
  readonly after: Position;
  /** … and ends with this one. */
  readonly last: Position;
  /** The latest time of an entry in the range; RFC 3339, UTC, milliseconds. */
  readonly lastAt: string;
  /** 32 bytes for each row, in order. */
  readonly rowHashes: Buffer;
  /** The hash of the seal before; 32 zero bytes for the first. */
  readonly previousHash: Buffer;
}

export interface Seal extends SealedRange {
  readonly hash: Buffer;
}

/** A row in its canonical text. */
export interface SealedRow {
  readonly id: string;
  readonly text: string;
}

export const noSeal = Buffer.alloc(32);

export function hashRow(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

export function hashSeal(range: SealedRange): Buffer {
  const head = ['casm-seal-1', range.number, writePlace(range.after), writePlace(range.last), range.lastAt, range.previousHash.toString('hex')];
  return createHash('sha256').update(`${head.join('\n')}\n`, 'utf8').update(range.rowHashes).digest();
}

export interface Comparison {
  /** Rows that are not as they were sealed, or were not there then; by id. */
  readonly foreign: readonly string[];
  /** Rows that stand in another order than they were sealed in; by id. */
  readonly misplaced: readonly string[];
  /** How many sealed rows are no longer there as they were. */
  readonly missing: number;
  /** The row behind which the first of those stood; null when it was the first of its range. */
  readonly missingAfter: string | null;
}

/** Holds the rows of a range, in order, against the hashes they were sealed with. */
export function compareRows({ rowHashes }: SealedRange, rows: readonly SealedRow[]): Comparison {
  const sealedAt = new Map(Array.from({ length: rowHashes.length / 32 }, (_, at) => [rowHashes.subarray(32 * at, 32 * at + 32).toString('hex'), at]));
  const foreign: string[] = [];
  const misplaced: string[] = [];
  const idAt = new Map<number, string>();
  let furthest = -1;
  for (const { id, text } of rows) {
    const at = sealedAt.get(hashRow(text).toString('hex'));
    if (at === undefined) foreign.push(id);
    else {
      if (at < furthest) misplaced.push(id);
      furthest = Math.max(furthest, at);
      idAt.set(at, id);
    }
  }
  const firstMissing = [...sealedAt.values()].find((at) => !idAt.has(at));
  return { foreign, misplaced, missing: sealedAt.size - idAt.size, missingAfter: firstMissing === undefined ? null : (idAt.get(firstMissing - 1) ?? null) };
}
