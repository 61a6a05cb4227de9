import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast, horizon, leastSamples, withoutStep, type ForecastSample } from '../../src/model/forecast.js';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const line = (count: number, perHour: number, noise: (at: number) => number = () => 0): ForecastSample[] =>
  Array.from({ length: count }, (_, at) => ({ at: start + at * hour, used: at * perHour + noise(at) }));
const endOf = (samples: readonly ForecastSample[]): number => samples.at(-1)?.at ?? start;

const count = fc.integer({ min: leastSamples, max: 120 });
const rate = fc.integer({ min: 1, max: 1_000_000 });

test('a straight line is met exactly where it leads, and its band is the line', () => {
  fc.assert(
    fc.property(count, rate, fc.integer({ min: 1, max: 10_000 }), (n, perHour, hours) => {
      const samples = line(n, perHour);
      const { reason, exhaustedAt } = forecast(samples, perHour * hours, endOf(samples));
      expect(reason).toBe('trend');
      for (const at of [exhaustedAt?.expected, exhaustedAt?.earliest, exhaustedAt?.latest]) expect(((at ?? 0) - endOf(samples)) / hour).toBeCloseTo(hours, 3);
    }),
  );
});

test('noise widens the band, and the band still holds the expected time', () => {
  const noises = fc.array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: 120, maxLength: 120 });
  fc.assert(
    fc.property(noises, (noise) => {
      const samples = line(120, 10, (at) => noise[at] ?? 0);
      const { exhaustedAt } = forecast(samples, 5_000, endOf(samples));
      if (exhaustedAt === null) throw new Error('there is a trend');
      expect(exhaustedAt.earliest).toBeLessThanOrEqual(exhaustedAt.expected);
      expect(exhaustedAt.latest ?? Infinity).toBeGreaterThanOrEqual(exhaustedAt.expected);
      // 1 190 addresses in 119 hours: noise of 40 moves the slope by less than a third.
      expect((exhaustedAt.expected - endOf(samples)) / hour).toBeGreaterThan(375);
      expect((exhaustedAt.expected - endOf(samples)) / hour).toBeLessThan(750);
    }),
  );
});

test('independent noise: the truth is in the band about as often as it says', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const trials = 300;
  let held = 0;
  for (let trial = 0; trial < trials; trial += 1) {
    const samples = line(60, 10, () => (random() + random() + random() - 1.5) * 100);
    const found = forecast(samples, 5_000, endOf(samples)).exhaustedAt;
    if (found !== null && found.earliest <= endOf(samples) + 500 * hour && (found.latest ?? Infinity) >= endOf(samples) + 500 * hour) held += 1;
  }
  expect(held / trials).toBeGreaterThan(0.85);
});

test('constant or shrinking use is not growing', () => {
  fc.assert(
    fc.property(count, fc.integer({ min: 0, max: 1_000 }), fc.bigInt({ min: 1n, max: 1n << 96n }), (n, perHour, left) => {
      const samples = line(n, -perHour);
      expect(forecast(samples, Number(left), endOf(samples))).toEqual({ reason: 'not-growing', exhaustedAt: null });
    }),
  );
});

test('a few samples gone wild do not move it', () => {
  fc.assert(
    fc.property(rate, fc.uniqueArray(fc.integer({ min: 1, max: 58 }), { minLength: 1, maxLength: 5 }), fc.integer({ min: -1_000, max: 1_000 }), (perHour, wild, factor) => {
      const samples = line(60, perHour, (at) => (wild.includes(at) ? factor * perHour : 0));
      const found = forecast(samples, perHour * 100, endOf(samples)).exhaustedAt;
      expect(((found?.expected ?? 0) - endOf(samples)) / hour).toBeGreaterThan(60);
      expect(((found?.expected ?? Infinity) - endOf(samples)) / hour).toBeLessThan(160);
    }),
  );
});

test('one step is an event and no trend', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 59 }), fc.integer({ min: 1, max: 1_000_000 }), (where, height) => {
      const flat = line(60, 0, (at) => (at >= where ? height : 0));
      expect(forecast(flat, 1_000, endOf(flat)).reason).toBe('not-growing');
      const rising = line(60, 1, (at) => (at >= where ? 1_000 + height : 0));
      const found = forecast(rising, 100, endOf(rising)).exhaustedAt;
      expect(((found?.expected ?? 0) - endOf(rising)) / hour).toBeCloseTo(100, 0);
    }),
  );
  expect(withoutStep([])).toEqual([]);
});

test('nothing is said from little, nothing about the far future, and the end is the end', () => {
  const few = line(leastSamples - 1, 5);
  expect(forecast(few, 10, endOf(few)).reason).toBe('not-enough-data');
  const short = line(100, 5).map((sample) => ({ ...sample, at: start + (sample.at - start) / 100 }));
  expect(forecast(short, 10, endOf(short)).reason).toBe('not-enough-data');
  const slow = line(50, 1);
  expect(forecast(slow, (2 * horizon) / hour, endOf(slow)).reason).toBe('beyond-horizon');
  expect(forecast([], 0, start)).toEqual({ reason: 'exhausted', exhaustedAt: { expected: start, earliest: start, latest: start } });
});
