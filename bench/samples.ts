/** Latencies of one phase, and what is said of them. */
import type { Measurement } from './benchmark.js';

/** What a load process sends home. */
export interface Load {
  readonly seconds: number;
  /** Milliseconds, one for each good answer, in any order. */
  readonly latencies: Float64Array;
  readonly failures: number;
  /** The first failures, in words. */
  readonly reasons: readonly string[];
}

export function measurement(name: string, { seconds, latencies, failures }: Load): Measurement {
  const sorted = latencies.toSorted();
  const count = sorted.length;
  return { name, count, seconds, perSecond: count / seconds, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), errorRate: failures === 0 ? 0 : failures / (failures + count) };
}

/** The nearest rank. @param sorted ascending */
function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** The same of requests that came one after the other, with others between: their rate is of the time they took themselves. */
export function sequentialMeasurement(name: string, load: Load): Measurement {
  const seconds = load.latencies.reduce((sum, one) => sum + one, 0) / 1000;
  return measurement(name, { ...load, seconds });
}
