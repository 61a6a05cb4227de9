import { expect, test } from 'vitest';
import { Recent } from '../../../src/operations/metrics/recent.js';

/** What is found is how often it was looked for; each search ends when it is told to. */
function searched(): { recent: Recent<number>; searches: PromiseWithResolvers<void>[]; pass(milliseconds: number): void } {
  let time = Date.parse('2026-01-01T00:00:00Z');
  const searches: PromiseWithResolvers<void>[] = [];
  const find = async (): Promise<number> => {
    const search = Promise.withResolvers<void>();
    const number = searches.push(search);
    await search.promise;
    return number;
  };
  return { recent: new Recent(find, 5_000, () => new Date(time)), searches, pass: (milliseconds) => (time += milliseconds) };
}

test('those who ask at once share one search, however long it takes', async () => {
  const { recent, searches, pass } = searched();
  const first = [recent.get(), recent.get()];
  pass(60_000);
  first.push(recent.get());
  expect(searches).toHaveLength(1);
  searches[0]?.resolve();
  expect(await Promise.all(first)).toEqual([1, 1, 1]);
});

test('what was found is kept for its time, from when it was found, and no longer', async () => {
  const { recent, searches, pass } = searched();
  const first = recent.get();
  pass(4_000);
  searches[0]?.resolve();
  await first;
  pass(4_999);
  expect(await recent.get()).toBe(1);
  pass(1);
  const second = recent.get();
  searches[1]?.resolve();
  expect(await second).toBe(2);
  pass(-3_600_000);
  const third = recent.get();
  searches[2]?.resolve();
  expect(await third).toBe(3);
});

test('a search that fails is for those who shared it; the next begins anew', async () => {
  const { recent, searches } = searched();
  const shared = Promise.allSettled([recent.get(), recent.get()]);
  searches[0]?.reject(new Error('away'));
  expect((await shared).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const next = recent.get();
  searches[1]?.resolve();
  expect(await next).toBe(2);
});
