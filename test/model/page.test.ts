import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idCursor, numberCursor, page, readCursor } from '../../src/model/page.js';

/** Reads a list page by page as a caller does. */
function readAll(keys: readonly string[], limit: number, pattern: RegExp): string[] {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const after = readCursor(cursor, pattern);
    const rest = keys.filter((key) => after === null || key > after);
    const { items, nextCursor } = page(rest.slice(0, limit + 1), { limit, after }, (key) => key);
    expect(items.length).toBeLessThanOrEqual(limit);
    seen.push(...items);
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  return seen;
}

test('page after page gives every item once, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.uuid(), { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (ids, limit) => {
      const sorted = ids.toSorted();
      expect(readAll(sorted, limit, idCursor)).toEqual(sorted);
    }),
  );
});

test('a full last page says that it is the last', () => {
  expect(page(['a', 'b'], { limit: 2, after: null }, (key) => key)).toEqual({ items: ['a', 'b'], nextCursor: null });
  expect(page(['a', 'b', 'c'], { limit: 2, after: null }, (key) => key).nextCursor).not.toBeNull();
  expect(page([], { limit: 2, after: null }, (key: string) => key)).toEqual({ items: [], nextCursor: null });
});

test('a cursor that no list gave is refused, and never reaches the database', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const pattern of [idCursor, numberCursor]) {
        const key = Buffer.from(text, 'base64url').toString('utf8');
        if (pattern.test(key)) expect(readCursor(text, pattern)).toBe(key);
        else expect(() => readCursor(text, pattern)).toThrow(expect.objectContaining({ code: 'invalid-cursor' }));
      }
    }),
  );
  for (const text of ["' or 1=1 --", '9'.repeat(20), '-1', '1\n', '']) {
    expect(() => readCursor(Buffer.from(text).toString('base64url'), numberCursor), text).toThrow(expect.objectContaining({ code: 'invalid-cursor' }));
  }
});

test('a cursor of the audit is a number that the database can hold', () => {
  expect(readCursor(Buffer.from('999999999999999999').toString('base64url'), numberCursor)).toBe('999999999999999999');
  expect(() => readCursor(Buffer.from('9223372036854775808').toString('base64url'), numberCursor)).toThrow(expect.objectContaining({ code: 'invalid-cursor' }));
});
