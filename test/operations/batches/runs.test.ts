/** A batch is cut into runs: nothing is lost, nothing changes places, and only what can be done by sets stands together. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runsOf, type Step } from '../../../src/operations/batches/runs.js';

const step = fc.oneof(
  fc.record({ operation: fc.constantFrom('allocatePrefix', 'createHold'), input: fc.oneof(fc.record({ poolId: fc.constantFrom('a', 'b') }), fc.constant({ poolSelector: {} })) }),
  fc.record({ operation: fc.constant('releaseAllocation'), input: fc.record({ allocationId: fc.constantFrom('1', '2', '3', '4') }) }),
  fc.record({ operation: fc.constant('updatePool'), input: fc.record({ poolId: fc.constantFrom('a', 'b') }) }),
);

test('runs are the batch again, in order; each is of one kind, and names no allocation twice', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (items) => {
      const steps = items.map((one, index) => ({ ...one, index }) as Step);
      const runs = runsOf(steps);
      expect(runs.flat()).toEqual(steps);
      for (const run of runs) {
        expect(new Set(run.map(({ operation }) => operation)).size).toBe(1);
        const released = run.flatMap(({ input }) => input['allocationId'] ?? []);
        expect(new Set(released).size).toBe(released.length);
        if (run.length > 1) expect(run.every(({ operation, input }) => operation === 'releaseAllocation' || (operation !== 'updatePool' && input['poolId'] !== undefined))).toBe(true);
      }
      // As few as can be: two neighbours stand apart for a reason.
      for (const [at, run] of runs.entries()) {
        const [next] = runs[at + 1] ?? [];
        const [first] = run;
        if (next === undefined || first === undefined || first.operation !== next.operation) continue;
        const alone = first.operation === 'updatePool' || [first, next].some(({ operation, input }) => operation !== 'releaseAllocation' && input['poolId'] === undefined);
        expect(alone || run.some(({ input }) => input['allocationId'] === next.input['allocationId'])).toBe(true);
      }
    }),
  );
});

test('no set is longer than a thousand', () => {
  const steps = Array.from({ length: 2_500 }, (_, index): Step => ({ operation: 'allocatePrefix', input: { poolId: 'a' }, index }));
  expect(runsOf(steps).map((run) => run.length)).toEqual([1_000, 1_000, 500]);
});
