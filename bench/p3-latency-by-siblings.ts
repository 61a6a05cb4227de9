/**
 * P3: what one allocation takes among a thousand siblings and among a million, each between two holes, v4 and v6. One
 * connection goes round the pools, so that they are measured in the same second; the smallest pool is the baseline.
 */
import pg from 'pg';
import type { Benchmark, Measurement, Ratio, Result, Setting } from './benchmark.js';
import { fsck } from './fsck.js';
import { makeFragmentedPool, siblingsOf } from './fragmented-pool.js';
import { steps, type RoundLoads, type RoundOrder, type RoundPool } from './load/rounds.js';
import { runLoad } from './load/run-load.js';
import { sequentialMeasurement } from './samples.js';

interface Pool extends RoundPool {
  readonly count: number;
}

const smallest = 1_000;
/** Of the other placements: each is asked of both. */
const compared = 100_000;
const otherPlacements = ['first', 'last', 'sparse', 'random'];

export const latencyBySiblings: Benchmark = {
  id: 'p3',
  async run(setting: Setting): Promise<Result> {
    const controller = await setting.controller();
    const database = new pg.Client({ connectionString: setting.databaseUrl });
    await database.connect();
    const sizes = [smallest, 10_000, compared, ...(setting.quick ? [] : [1_000_000])];
    const figures = [['pool', 'made in s']];
    const make = async (family: 'ipv4' | 'ipv6', own: pg.Client): Promise<Pool[]> => {
      const made: Pool[] = [];
      for (const siblings of sizes) {
        const began = performance.now();
        const pool = await makeFragmentedPool(controller, own, { name: nameOf(family, siblings), family, siblings, placement: 'best-fit' });
        made.push({ ...pool, count: siblings });
        figures.push([nameOf(family, siblings), ((performance.now() - began) / 1000).toFixed(1)]);
      }
      return made;
    };
    const other = new pg.Client({ connectionString: setting.databaseUrl });
    await other.connect();
    const made = (await Promise.all([make('ipv4', database), make('ipv6', other)])).flat();
    await other.end();
    await database.query('vacuum analyze');
    await database.query('checkpoint');
    const cleanBefore = await fsck(setting.databaseUrl);

    const goRound = (pools: readonly RoundPool[], seconds: number): Promise<RoundLoads> => {
      const order: RoundOrder = { url: controller.url, headers: controller.headers, pools, seconds };
      return runLoad<RoundLoads>('rounds', order);
    };
    const measurements: Measurement[] = [];
    const ratios: Ratio[] = [];
    // Code that nobody has run yet is not what is measured.
    await goRound(made, setting.seconds);
    let pools = await refreshed(database, made);
    for (const family of ['ipv4', 'ipv6'] as const) {
      const loads = await goRound(pools.filter((pool) => pool.family === family), 3 * setting.seconds);
      measurements.push(...measurementsOf(loads));
      for (const step of steps) ratios.push(growth(measurements, step, nameOf(family, smallest), nameOf(family, sizes.at(-1) ?? smallest)));
    }
    pools = await refreshed(database, pools);
    const ofPlacements = otherPlacements.flatMap((placement) =>
      [smallest, compared].flatMap((siblings) =>
        pools.filter(({ name }) => name === nameOf('ipv4', siblings)).map((pool): RoundPool => {
          return { ...pool, name: `${pool.name}, ${placement}`, placement, siblings: [] };
        }),
      ),
    );
    measurements.push(...measurementsOf(await goRound(ofPlacements, 3 * setting.seconds)));
    for (const placement of otherPlacements) {
      for (const step of ['fill a hole', 'carve'] as const) {
        ratios.push(growth(measurements, step, `${nameOf('ipv4', smallest)}, ${placement}`, `${nameOf('ipv4', compared)}, ${placement}`));
      }
    }
    const cleanAfter = await fsck(setting.databaseUrl);
    await database.end();
    return {
      id: 'P3',
      title: 'one allocation, one connection, by the number of siblings, fragmented: p50 among the most ÷ p50 among a thousand',
      measurements,
      ratios,
      figures: [{ title: 'pools', rows: figures }],
      checks: [
        { name: 'the prepared pools are tiled exactly', ...cleanBefore },
        { name: 'so they are afterwards', ...cleanAfter },
        { name: 'no request failed', holds: measurements.every((one) => one.errorRate === 0), detail: `${measurements.filter((one) => one.errorRate > 0).length} phases with failures` },
      ],
    };
  },
};

const nameOf = (family: string, siblings: number): string => `${family}, ${siblings.toLocaleString('en').replaceAll(',', ' ')}`;

/** After a round the siblings have new ids. */
async function refreshed(database: pg.Client, pools: readonly Pool[]): Promise<Pool[]> {
  const fresh: Pool[] = [];
  for (const pool of pools) fresh.push({ ...pool, siblings: await siblingsOf(database, pool.poolId, pool.count) });
  return fresh;
}

function measurementsOf(loads: RoundLoads): Measurement[] {
  return Object.entries(loads).flatMap(([name, load]) =>
    Object.entries(load).map(([step, one]) => {
      for (const reason of one.reasons) console.error(`${name}: ${step}: ${reason}`);
      return sequentialMeasurement(`${name}: ${step}`, one);
    }),
  );
}

function growth(measurements: readonly Measurement[], step: string, small: string, large: string): Ratio {
  const p50 = (pool: string): number => measurements.find((one) => one.name === `${pool}: ${step}`)?.p50 ?? Number.NaN;
  return { name: `${large}: ${step} ÷ the same, ${smallest}`, value: p50(large) / p50(small), goal: 1.5, bound: 'at most' };
}
