/** Random sequences of every verb against an oracle that looks at every address: the same ones at every run. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControllerUnderTest } from './controller-under-test.js';
import { runSequences, type Tally } from './sequences.js';

const seed = 20_140_701;

let controller: ControllerUnderTest;
beforeAll(async () => {
  controller = await ControllerUnderTest.start();
});
afterAll(() => controller?.stop());

test(`whatever is asked in whatever order, answers, allocations and free blocks are the oracle's (seed ${seed})`, { timeout: 120_000 }, async () => {
  const tally: Tally = new Map();
  await runSequences(controller, { seed, runs: 40, length: 60 }, tally);
  // Most verbs are done, and refused too: a sequence of nothing proves nothing.
  expect(tally.size).toBeGreaterThan(60);
});
