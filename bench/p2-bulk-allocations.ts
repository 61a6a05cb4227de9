/**
 * P2: allocations in batches of a thousand over HTTP, durable and audited, per item, beside single-row INSERTs through the same
 * driver. The baseline is taken before, between and after; its mean is what is divided by.
 */
import pg from 'pg';
import { insertBaseline, meanPerSecond } from './baseline.js';
import type { Benchmark, Measurement, Result, Setting } from './benchmark.js';
import type { BenchController } from './controller.js';
import { countAllocations, countOverlaps } from './facts.js';
import type { HttpOrder } from './load/http.js';
import { runLoad } from './load/run-load.js';
import { measurement } from './samples.js';

const itemsPerBatch = 1_000;

export const bulkAllocations: Benchmark = {
  id: 'p2',
  async run(setting: Setting): Promise<Result> {
    const controller = await setting.controller();
    const database = new pg.Client({ connectionString: setting.databaseUrl });
    await database.connect();
    const pools = [await makePool(controller, 'one', '10.0.0.0/9'), await makePool(controller, 'two', '10.128.0.0/9')];
    const baselines = [await insertBaseline(setting, database)];
    // Code that nobody has run yet is not what is measured.
    await allocate({ ...setting, seconds: Math.min(3, setting.seconds) }, controller, 'warming up', 'atomic', pools);
    const before = await countAllocations(database);
    const measurements = [await allocate(setting, controller, 'atomic, one pool', 'atomic', pools.slice(0, 1))];
    baselines.push(await insertBaseline(setting, database));
    measurements.push(await allocate(setting, controller, 'bestEffort, two pools', 'bestEffort', pools));
    baselines.push(await insertBaseline(setting, database));
    const mean = meanPerSecond(baselines);
    const acknowledged = measurements.reduce((sum, one) => sum + one.count, 0);
    const stored = (await countAllocations(database)) - before;
    const overlapping = await countOverlaps(database);
    await database.end();
    // When a phase ends, each connection may have one batch under way whose answer nobody waits for: that of the warm-up, too.
    const unheard = (2 + 1 + 2) * itemsPerBatch;
    return {
      id: 'P2',
      title: `allocations in batches of ${itemsPerBatch} over HTTP, per item ÷ single-row INSERT through the same driver with 32 connections`,
      measurements: [...baselines, ...measurements],
      ratios: measurements.map((one) => ({ name: one.name, value: one.perSecond / mean, goal: 3 })),
      checks: [
        { name: 'every acknowledged allocation is stored', holds: stored >= acknowledged && stored <= acknowledged + unheard, detail: `${acknowledged} acknowledged, ${stored} stored` },
        { name: 'no two allocations overlap', holds: overlapping === 0, detail: `${overlapping} overlap` },
        { name: 'no batch failed', holds: measurements.every((one) => one.errorRate === 0), detail: `${measurements.filter((one) => one.errorRate > 0).length} phases with failures` },
      ],
    };
  },
};

async function makePool(controller: BenchController, name: string, prefix: string): Promise<string> {
  const space = await controller.create('/v1/spaces', { name });
  return (await controller.create('/v1/pools', { spaceId: space.id, name: 'root', prefixes: [prefix], policy: { allowSpecialPurpose: true } })).id;
}

/** One connection a pool: who allocates in bulk does so one batch after the other. Latencies are those of a batch, counts those of items. */
async function allocate({ seconds }: Pick<Setting, 'seconds'>, { url, headers }: BenchController, name: string, mode: string, pools: readonly string[]): Promise<Measurement> {
  const bodies = pools.map((poolId) => {
    const item = { operation: 'allocatePrefix', body: { poolId, family: 'ipv4', prefixLength: 29, holder: 'bench', service: 'internet' } };
    return JSON.stringify({ mode, items: Array.from({ length: itemsPerBatch }, () => item) });
  });
  const order: HttpOrder = { url: `${url}/v1/batches`, headers, bodies, status: 200, connections: pools.length, seconds };
  const load = await runLoad('http', order);
  for (const reason of load.reasons) console.error(`${name}: ${reason}`);
  const batches = measurement(name, load);
  return { ...batches, count: batches.count * itemsPerBatch, perSecond: batches.perSecond * itemsPerBatch };
}
