/**
 * Alarms of scarcity, with hysteresis: raised when less than one threshold is free, cleared when more than another, higher
 * one is. In between an alarm stays what it is, so nothing flaps. Pure.
 */
import { CasmError } from './errors.js';
import type { Family } from './prefix.js';

/** Addresses as a decimal string, or a share of the family's total such as `10%`; both of one kind. */
export interface AlarmThresholds {
  readonly raiseBelowFree: string;
  readonly clearAboveFree: string;
}

export type AlarmPolicy = Readonly<Record<Family, AlarmThresholds | null>>;

export interface Alarm {
  readonly id: string;
  readonly poolId: string;
  readonly family: Family;
  readonly state: 'raised' | 'cleared';
  readonly raisedAt: string;
  readonly freeAtRaise: string;
  readonly raiseBelowFree: string;
  readonly clearAboveFree: string;
  readonly clearedAt: string | null;
  readonly freeAtClear: string | null;
}

/** @throws CasmError `invalid-request` for thresholds of two kinds, or that leave no room between them */
export function checkThresholds(family: Family, { raiseBelowFree, clearAboveFree }: AlarmThresholds): void {
  const comparable = raiseBelowFree.endsWith('%') === clearAboveFree.endsWith('%');
  // Of a share the whole does not matter, as long as it is divisible.
  if (comparable && tenThousandths(clearAboveFree, 10_000n) > tenThousandths(raiseBelowFree, 10_000n)) return;
  throw new CasmError('invalid-request', `the alarm of ${family} is raised below ${raiseBelowFree} free and cleared above ${clearAboveFree}: both in addresses or both in percent, the second larger`, {
    errors: [{ in: 'body', pointer: `/policy/alarms/${family}`, detail: 'clearAboveFree must be larger than raiseBelowFree, and of its kind' }],
  });
}

/** @param usage addresses; undefined where the pool has none of the family any more */
export function judge(thresholds: AlarmThresholds | null, usage: { free: string; total: string } | undefined, raised: boolean): 'raise' | 'clear' | 'keep' {
  if (thresholds === null || usage === undefined) return raised ? 'clear' : 'keep';
  const free = BigInt(usage.free) * 10_000n;
  const total = BigInt(usage.total);
  if (!raised && free < tenThousandths(thresholds.raiseBelowFree, total)) return 'raise';
  if (raised && free > tenThousandths(thresholds.clearAboveFree, total)) return 'clear';
  return 'keep';
}

/** A threshold in ten-thousandths of an address, so that percentages with two decimals are whole. */
function tenThousandths(threshold: string, total: bigint): bigint {
  if (!threshold.endsWith('%')) return BigInt(threshold) * 10_000n;
  const [whole = '0', part = ''] = threshold.slice(0, -1).split('.');
  return BigInt(whole + part.padEnd(2, '0')) * total;
}
