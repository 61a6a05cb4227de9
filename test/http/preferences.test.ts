/** What a client prefers, as RFC 7240 writes it. */
import { expect, test } from 'vitest';
import { waitOf } from '../../src/http/preferences.js';

test.each([
  [undefined, 0],
  ['', 0],
  ['wait=5', 5],
  ['wait=0', 0],
  ['WAIT=5', 5],
  ['wait = 5', 5],
  ['wait="5"', 5],
  ['wait=600', 60],
  [`wait=${'9'.repeat(400)}`, 60],
  ['respond-async, wait=5', 5],
  ['wait=5,respond-async', 5],
  ['respond-async,wait=5; x="y, z", return=minimal', 5],
  ['handling=lenient; wait=9', 0],
  ['x="a, wait=9", wait=5', 5],
  [String.raw`x="a\", wait=9", wait=5`, 5],
  ['wait=5, wait=9', 5],
  [', , wait=5,', 5],
  ['wait', 0],
  ['wait=-1', 0],
  ['wait=1e1', 0],
  ['wait=0x5', 0],
  ['await=5', 0],
])('%j is a wait of %i', (prefer, seconds) => {
  expect(waitOf(prefer, 60)).toBe(seconds);
});

test('it is read in no time, whatever it is', () => {
  for (const hostile of ['"'.repeat(1000), '"\\'.repeat(500), ',"'.repeat(500), 'a'.repeat(1000)]) expect(waitOf(hostile, 60)).toBe(0);
});
