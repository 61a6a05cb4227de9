/** Seals as values: the bytes that docs/history.md defines, and that every change of a row, and nothing else, is found. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareRows, hashRow, hashSeal, noSeal, type SealedRange, type SealedRow } from '../../src/model/seal.js';

const rowsOf = (texts: readonly string[]): SealedRow[] => texts.map((text, at) => ({ id: String(at + 1), text: `[${at + 1}, ${JSON.stringify(text)}]` }));
const rangeOf = (rows: readonly SealedRow[]): SealedRange => ({
  number: '7',
  after: { turn: '10', id: '3' },
  last: { turn: '12', id: '9' },
  lastAt: '2026-03-01T12:00:00.000Z',
  rowHashes: Buffer.concat(rows.map((row) => hashRow(row.text))),
  previousHash: noSeal,
});

test('a seal is the hash of exactly these bytes', () => {
  const [row] = rowsOf(['é']) as [SealedRow];
  const rowHash = createHash('sha256').update(Buffer.from('[1, "é"]', 'utf8')).digest();
  const head = `casm-seal-1\n7\n10.3\n12.9\n2026-03-01T12:00:00.000Z\n${'00'.repeat(32)}\n`;
  expect(hashSeal(rangeOf([row]))).toEqual(createHash('sha256').update(Buffer.concat([Buffer.from(head), rowHash])).digest());
});

test('every field of a seal is sealed', () => {
  const range = rangeOf(rowsOf(['a', 'b']));
  const others: SealedRange[] = [
    { ...range, number: '8' },
    { ...range, after: { turn: '1', id: '03' } },
    { ...range, last: { turn: '12', id: '8' } },
    { ...range, lastAt: '2026-03-01T12:00:00.001Z' },
    { ...range, previousHash: Buffer.alloc(32, 1) },
    { ...range, rowHashes: range.rowHashes.subarray(32) },
  ];
  expect(new Set([range, ...others].map((one) => hashSeal(one).toString('hex'))).size).toBe(others.length + 1);
});

const texts = fc.array(fc.string({ maxLength: 8 }), { minLength: 1, maxLength: 12 });

test('rows that are as they were sealed are found so', () => {
  fc.assert(fc.property(texts, (all) => {
    const rows = rowsOf(all);
    expect(compareRows(rangeOf(rows), rows)).toEqual({ foreign: [], misplaced: [], missing: 0, missingAfter: null });
  }));
});

test('one changed, one gone, one added, two exchanged: each is found, and named', () => {
  fc.assert(fc.property(texts, fc.nat(), fc.nat(), (all, first, other) => {
    const rows = rowsOf(all);
    const range = rangeOf(rows);
    const at = first % rows.length;
    const row = rows[at] as SealedRow;
    expect(compareRows(range, rows.with(at, { ...row, text: `${row.text} ` }))).toMatchObject({ foreign: [row.id], misplaced: [], missing: 1 });
    expect(compareRows(range, rows.toSpliced(at, 1))).toEqual({ foreign: [], misplaced: [], missing: 1, missingAfter: rows[at - 1]?.id ?? null });
    expect(compareRows(range, rows.toSpliced(at, 0, { id: '99', text: 'new' }))).toEqual({ foreign: ['99'], misplaced: [], missing: 0, missingAfter: null });
    const to = other % rows.length;
    if (to === at) return;
    const exchanged = rows.with(at, rows[to] as SealedRow).with(to, row);
    expect(compareRows(range, exchanged).misplaced.length).toBeGreaterThan(0);
  }));
});
