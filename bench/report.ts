/** What a run says: a table for people, JSON for everything else. */
import { availableParallelism, cpus } from 'node:os';
import type { Ratio, Result } from './benchmark.js';

export interface Report {
  readonly at: string;
  readonly machine: { readonly processors: number; readonly model: string; readonly node: string; readonly postgres: string };
  readonly secondsPerPhase: number;
  readonly results: readonly Result[];
}

export function report(results: readonly Result[], secondsPerPhase: number, postgres: string, now: Date): Report {
  const machine = { processors: availableParallelism(), model: cpus()[0]?.model ?? 'unknown', node: process.version, postgres };
  return { at: now.toISOString(), machine, secondsPerPhase, results };
}

export function table(result: Result): string {
  const phases = [
    ['phase', 'count', 'per second', 'p50 ms', 'p99 ms', 'errors'],
    ...result.measurements.map((one) => [one.name, String(one.count), one.perSecond.toFixed(0), one.p50.toFixed(2), one.p99.toFixed(2), `${(one.errorRate * 100).toFixed(2)} %`]),
  ];
  const ratios = [['ratio', 'value', 'goal', ''], ...result.ratios.map((one) => [one.name, one.value.toFixed(2), `${one.bound === 'at most' ? '≤' : '≥'} ${one.goal}`, isMet(one) ? 'met' : 'not met'])];
  const figures = (result.figures ?? []).flatMap(({ title, rows }) => ['', `${title}:`, ...aligned(rows)]);
  const checks = result.checks.map((check) => `${check.holds ? 'holds' : 'BROKEN'}: ${check.name} (${check.detail})`);
  return [`${result.id}: ${result.title}`, '', ...aligned(phases), '', ...aligned(ratios), ...figures, '', ...checks].join('\n');
}

function isMet({ value, goal, bound }: Ratio): boolean {
  return bound === 'at most' ? value <= goal : value >= goal;
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd());
}
