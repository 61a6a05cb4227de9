/**
 * One connection that goes round the pools, one request after the other: what a pool's latency is compared with is measured
 * in the same second. Each round leaves every pool as it found it.
 */
import type { Load } from '../samples.js';
import { Connection, type Answer } from './connection.js';
import { onOrder } from './run-load.js';

export const steps = ['fill a hole', 'empty it', 'carve', 'merge back', 'release a sibling', 'take it exactly'] as const;
export type Step = (typeof steps)[number];

export interface Sibling {
  readonly id: string;
  readonly prefix: string;
}

export interface RoundPool {
  readonly name: string;
  readonly poolId: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Of the holes; one bit less is found in none of them. */
  readonly prefixLength: number;
  readonly placement: string;
  /** Some of those allocated, from all over the pool. Their other halves are free. Without them the steps that need them are left out. */
  readonly siblings: readonly Sibling[];
}

export interface RoundOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pools: readonly RoundPool[];
  readonly seconds: number;
}

/** By the name of the pool, and then by step. */
export type RoundLoads = Readonly<Record<string, Readonly<Partial<Record<Step, Load>>>>>;

class Series {
  readonly latencies: number[] = [];
  readonly reasons: string[] = [];
  failures = 0;

  take(answer: Answer, status: number): string {
    if (answer.status === status) this.latencies.push(answer.milliseconds);
    else {
      this.failures += 1;
      if (this.reasons.length < 5) this.reasons.push(`status ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return (answer.body as { id?: string } | null)?.id ?? '';
  }
}

onOrder(async ({ url, headers, pools, seconds }: RoundOrder): Promise<RoundLoads> => {
  const connection = new Connection(url, headers);
  const walks = pools.map((pool) => ({ pool, siblings: [...pool.siblings], series: new Map<Step, Series>() }));
  const began = performance.now();
  for (let round = 0; performance.now() < began + seconds * 1000; round += 1) {
    for (const { pool, siblings, series } of walks) {
      const { poolId, family, prefixLength, placement } = pool;
      const of = (step: Step): Series => {
        const known = series.get(step) ?? new Series();
        series.set(step, known);
        return known;
      };
      const allocate = async (step: Step, what: object): Promise<string> =>
        of(step).take(await connection.post('/v1/allocations', { poolId, holder: 'bench', service: 'internet', ...what }), 201);
      const release = async (step: Step, id: string): Promise<string> => of(step).take(await connection.delete(`/v1/allocations/${id}`), 200);
      await release('empty it', await allocate('fill a hole', { family, prefixLength, placement }));
      await release('merge back', await allocate('carve', { family, prefixLength: prefixLength - 1, placement }));
      const at = round % siblings.length;
      const sibling = siblings[at];
      if (sibling === undefined) continue;
      await release('release a sibling', sibling.id);
      siblings[at] = { id: await allocate('take it exactly', { prefix: sibling.prefix }), prefix: sibling.prefix };
    }
  }
  connection.close();
  const spent = (performance.now() - began) / 1000;
  const load = ({ latencies, failures, reasons }: Series): Load => ({ seconds: spent, latencies: Float64Array.from(latencies), failures, reasons });
  return Object.fromEntries(walks.map(({ pool, series }) => [pool.name, Object.fromEntries([...series].map(([step, one]) => [step, load(one)]))]));
});
