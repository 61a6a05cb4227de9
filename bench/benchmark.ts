/** What a benchmark is: one file that measures, beside its own baseline in the same run, and says a ratio. */
import type { BenchController } from './controller.js';

export interface BenchSettings {
  /** How long each phase lasts, seconds. */
  readonly seconds: number;
  /** Where the size of what is measured counts, and not only how long: a tenth of it will do. */
  readonly quick: boolean;
}

export interface Setting extends BenchSettings {
  /** Of a PostgreSQL that is durable (fsync on) and empty but for the benchmark. */
  readonly databaseUrl: string;
  readonly databasePid: number;
  /** Starts the built controller, or another beside it, on that database. Ended with the benchmark. */
  controller(): Promise<BenchController>;
}

/** One measured phase. */
export interface Measurement {
  readonly name: string;
  /** Answered as they should be. */
  readonly count: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Milliseconds from sending to the whole answer. */
  readonly p50: number;
  readonly p99: number;
  /** Refused, failed, timed out or wrong: a part of all. */
  readonly errorRate: number;
}

export interface Ratio {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
  /** Whether more is better. Default `at least`. */
  readonly bound?: 'at least' | 'at most';
}

/** Figures that are neither a phase nor a ratio. The first row names the columns. */
export interface Figures {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

export interface Result {
  readonly id: string;
  readonly title: string;
  readonly measurements: readonly Measurement[];
  readonly ratios: readonly Ratio[];
  readonly figures?: readonly Figures[];
  /** Facts that must hold for the figures to mean anything; a broken one fails the run. */
  readonly checks: readonly { readonly name: string; readonly holds: boolean; readonly detail: string }[];
}

export interface Benchmark {
  readonly id: string;
  run(setting: Setting): Promise<Result>;
}
