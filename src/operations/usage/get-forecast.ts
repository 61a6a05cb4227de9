import { confidence, forecast, type ForecastReason } from '../../model/forecast.js';
import type { Family } from '../../model/prefix.js';
import { stepOf } from '../../model/usage-history.js';
import type { Tx } from '../../storage/sql.js';
import { listSamples, type UsageSample } from '../../storage/usage-samples.js';
import { familyUsage } from '../../storage/usage.js';
import { freePrefixes } from '../../allocator/free-space.js';
import { checkLength } from '../pools/check-length.js';
import { familiesOf, familyOf } from '../pools/family-of.js';
import { getPool } from '../pools/get-pool.js';

export interface ForecastRequest {
  readonly poolId: string;
  readonly family?: Family;
  /** Of which length the last block is meant; without it, the last address. */
  readonly prefixLength?: number;
  /** How far back to look. */
  readonly days: number;
  readonly now: Date;
}

export interface PoolForecast {
  readonly poolId: string;
  readonly family: Family;
  readonly prefixLength: number | null;
  readonly left: string;
  readonly exhaustedAt: { readonly expected: string; readonly earliest: string; readonly latest: string | null } | null;
  readonly reason: ForecastReason;
  readonly confidence: number;
  readonly basis: { readonly samples: number; readonly from: string | null; readonly to: string | null };
}

const day = 86_400_000;
/** The trend looks at every pair of samples. */
const mostSamples = 250;

/** @throws CasmError `pool-not-found`, `length-not-allowed`, `invalid-request` when the family is open */
export async function getForecast(tx: Tx, request: ForecastRequest): Promise<PoolForecast> {
  const { now, prefixLength } = request;
  const pool = await getPool(tx, request);
  const family = familyOf(request.family, familiesOf(pool.prefixes));
  if (prefixLength !== undefined) checkLength(family, prefixLength);
  const samples = await recent(tx, { poolId: pool.id, family, now, days: request.days });
  const left = await leftNow(tx, pool.id, family, prefixLength);
  const used = samples.map((sample) => (prefixLength === undefined ? BigInt(sample.total) - BigInt(sample.free) : -blocksOf(sample, prefixLength)));
  // Exact until here: the difference fits a float where the counts of IPv6 would not.
  const series = samples.map((sample, index) => ({ at: Date.parse(sample.at), used: Number((used[index] ?? 0n) - (used[0] ?? 0n)) }));
  const found = forecast(series, Number(left), now.getTime());
  const told = (at: number): string => new Date(Math.round(at)).toISOString();
  const { exhaustedAt, reason } = found;
  return {
    poolId: pool.id,
    family,
    prefixLength: prefixLength ?? null,
    left,
    exhaustedAt: exhaustedAt && { expected: told(exhaustedAt.expected), earliest: told(exhaustedAt.earliest), latest: exhaustedAt.latest === null ? null : told(exhaustedAt.latest) },
    reason,
    confidence,
    basis: { samples: samples.length, from: samples[0]?.at ?? null, to: samples.at(-1)?.at ?? null },
  };
}

/** As finely as the trend can bear: a short history is looked at closely, and a long one from afar. */
async function recent(tx: Tx, { poolId, family, now, days }: { poolId: string; family: Family; now: Date; days: number }): Promise<UsageSample[]> {
  const from = new Date(now.getTime() - days * day);
  const coarse = await listSamples(tx, { poolId, family, from, to: now, stepSeconds: stepOf(from, now) });
  const begin = new Date(coarse[0]?.at ?? now);
  const stepSeconds = stepOf(begin, now, (now.getTime() - begin.getTime()) / 1_000 / (mostSamples - 1));
  return listSamples(tx, { poolId, family, from: begin, to: now, stepSeconds });
}

async function leftNow(tx: Tx, poolId: string, family: Family, prefixLength: number | undefined): Promise<string> {
  if (prefixLength !== undefined) return (await freePrefixes(tx, poolId, family, prefixLength, 0)).count;
  return (await familyUsage(tx, poolId)).find((usage) => usage.family === family)?.free ?? '0';
}

/** How many blocks of a length could have been had. */
function blocksOf({ freeBlocks }: UsageSample, prefixLength: number): bigint {
  return Object.entries(freeBlocks).reduce((sum, [length, count]) => (Number(length) > prefixLength ? sum : sum + (BigInt(count) << BigInt(prefixLength - Number(length)))), 0n);
}
