/**
 * The sequences with fresh seeds for as long as CASM_SOAK_MINUTES says (60), longer ones too. A failure prints its seed and
 * path; CASM_SOAK_SEED begins with that seed.
 */
import { afterAll, expect, test } from 'vitest';
import { ControllerUnderTest } from './controller-under-test.js';
import { runSequences, type Tally } from './sequences.js';

const minutes = Number(process.env['CASM_SOAK_MINUTES'] || 60);
const firstSeed = Number(process.env['CASM_SOAK_SEED'] || Math.floor(Math.random() * 2 ** 31));

let controller: ControllerUnderTest | undefined;
afterAll(() => controller?.stop());

test(`for ${minutes} minutes, from seed ${firstSeed} on`, { timeout: (minutes + 15) * 60_000 }, async () => {
  const end = Date.now() + minutes * 60_000;
  const tally: Tally = new Map();
  let seed = firstSeed;
  for (; Date.now() < end; seed += 1) {
    // A new database now and then: the journal of what was asked only grows.
    controller = await ControllerUnderTest.start();
    console.log(`sequences with seed ${seed}`);
    await runSequences(controller, { seed, runs: 200, length: seed % 2 === 0 ? 60 : 250, milliseconds: Math.max(end - Date.now(), 1) }, tally);
    await controller.stop();
    controller = undefined;
  }
  console.log([...tally].sort().map(([what, count]) => `${what}: ${count}`).join('\n'));
  expect(seed).toBeGreaterThan(firstSeed);
});
