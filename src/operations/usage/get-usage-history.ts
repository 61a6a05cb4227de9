import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';
import { stepOf } from '../../model/usage-history.js';
import type { Tx } from '../../storage/sql.js';
import { listSamples, type UsageSample } from '../../storage/usage-samples.js';
import { getPool } from '../pools/get-pool.js';

export interface UsageHistoryRequest {
  readonly poolId: string;
  readonly family?: Family;
  readonly from?: string;
  readonly to?: string;
  /** Seconds; the least distance of two points that is of use. */
  readonly step?: number;
  readonly now: Date;
}

export interface UsageHistory {
  readonly poolId: string;
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly families: readonly { readonly family: Family; readonly points: readonly Omit<UsageSample, 'freeBlocks'>[] }[];
}

const day = 86_400_000;

/** The last day unless a span is named. @throws CasmError `pool-not-found`, `invalid-request` for a span that ends before it begins */
export async function getUsageHistory(tx: Tx, request: UsageHistoryRequest): Promise<UsageHistory> {
  const pool = await getPool(tx, request);
  const to = request.to === undefined ? request.now : new Date(request.to);
  const from = request.from === undefined ? new Date(to.getTime() - day) : new Date(request.from);
  if (!(from < to)) throw new CasmError('invalid-request', 'the span ends before it begins', { errors: [{ in: 'query', pointer: 'from', detail: 'must be before to' }] });
  const stepSeconds = stepOf(from, to, request.step);
  const families = [];
  for (const family of request.family === undefined ? familiesOf(pool.prefixes) : [request.family]) {
    const samples = await listSamples(tx, { poolId: pool.id, family, from, to, stepSeconds });
    families.push({ family, points: samples.map(({ freeBlocks: _, ...point }) => point) });
  }
  return { poolId: pool.id, from: from.toISOString(), to: to.toISOString(), stepSeconds, families };
}

function familiesOf(prefixes: readonly string[]): Family[] {
  const six = prefixes.some((prefix) => prefix.includes(':'));
  const four = prefixes.some((prefix) => !prefix.includes(':'));
  return [...(four ? (['ipv4'] as const) : []), ...(six ? (['ipv6'] as const) : [])];
}
