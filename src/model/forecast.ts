/**
 * When something runs out: a robust linear trend through what was used, and the moment it meets what is left. Pure. The
 * slope is the median of all pairwise slopes (Theil and Sen), so a third of the samples may be nonsense; its band is Sen's
 * rank interval, widened by the correlation of neighbouring residuals. Refuses to guess from little.
 */
export interface ForecastSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What was used by then, counted from anywhere, in whatever unit `left` is in. */
  readonly used: number;
}

export type ForecastReason = 'trend' | 'exhausted' | 'not-growing' | 'not-enough-data' | 'beyond-horizon';

export interface Forecast {
  readonly reason: ForecastReason;
  /** Milliseconds since 1970; `latest` is null when the band does not end within the horizon. Null unless there is a trend, or nothing is left. */
  readonly exhaustedAt: { readonly expected: number; readonly earliest: number; readonly latest: number | null } | null;
}

/** How probably the band covers the slope. */
export const confidence = 0.9;
const z = 1.645;

export const leastSamples = 12;
const hour = 3_600_000;
const leastSpan = 6 * hour;
const year = 8_766 * hour;
export const horizon = 20 * year;

/** @param samples in order of time @param left what is left at `now`, in milliseconds since 1970 */
export function forecast(samples: readonly ForecastSample[], left: number, now: number): Forecast {
  if (left <= 0) return { reason: 'exhausted', exhaustedAt: { expected: now, earliest: now, latest: now } };
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < leastSamples || last.at - first.at < leastSpan) return { reason: 'not-enough-data', exhaustedAt: null };
  const { slope, lower, upper } = trend(withoutStep(samples));
  if (!(slope > 0)) return { reason: 'not-growing', exhaustedAt: null };
  const after = (rate: number): number => (rate > 0 ? left / rate : Infinity);
  if (after(slope) > horizon) return { reason: 'beyond-horizon', exhaustedAt: null };
  const latest = after(lower);
  return { reason: 'trend', exhaustedAt: { expected: now + after(slope), earliest: now + after(upper), latest: latest > horizon ? null : now + latest } };
}

/** One change that by itself makes up more than half of all movement is an event, not a trend: it is made as large as a usual one. */
export function withoutStep(samples: readonly ForecastSample[]): ForecastSample[] {
  const changes = samples.slice(1).map((sample, index) => sample.used - (samples[index]?.used ?? 0));
  const sizes = changes.map(Math.abs);
  const largest = Math.max(...sizes);
  if (!(largest * 2 > sizes.reduce((sum, size) => sum + size, 0))) return [...samples];
  const where = sizes.indexOf(largest);
  const usual = changes.toSorted((one, other) => one - other)[changes.length >> 1] ?? 0;
  const shift = (changes[where] ?? 0) - usual;
  return samples.map((sample, index) => (index <= where ? { at: sample.at, used: sample.used + shift } : sample));
}

interface Trend {
  readonly slope: number;
  readonly lower: number;
  readonly upper: number;
}

/** Slopes per millisecond, of at least two samples at different times. */
function trend(samples: readonly ForecastSample[]): Trend {
  const slopes: number[] = [];
  for (const [index, one] of samples.entries()) {
    for (const other of samples.slice(index + 1)) if (other.at > one.at) slopes.push((other.used - one.used) / (other.at - one.at));
  }
  const sorted = Float64Array.from(slopes).sort();
  const at = (rank: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, rank))] ?? 0;
  const slope = (at(Math.floor((sorted.length - 1) / 2)) + at(Math.ceil((sorted.length - 1) / 2))) / 2;
  const n = samples.length;
  const spread = z * Math.sqrt((inflation(samples, slope) * n * (n - 1) * (2 * n + 5)) / 18);
  return { slope, lower: at(Math.floor((sorted.length - spread) / 2) - 1), upper: at(Math.ceil((sorted.length + spread) / 2)) };
}

/** Neighbours that err together say less than they seem to: (1 + r) / (1 − r) for their correlation r. */
function inflation(samples: readonly ForecastSample[], slope: number): number {
  const detrended = samples.map((sample) => sample.used - slope * (sample.at - (samples[0]?.at ?? 0)));
  const mean = detrended.reduce((sum, value) => sum + value, 0) / detrended.length;
  const residuals = detrended.map((value) => value - mean);
  const variance = residuals.reduce((sum, value) => sum + value * value, 0);
  if (!(variance > 0)) return 1;
  const together = residuals.slice(1).reduce((sum, value, index) => sum + value * (residuals[index] ?? 0), 0);
  const r = Math.min(0.99, Math.max(0, together / variance));
  return (1 + r) / (1 - r);
}
