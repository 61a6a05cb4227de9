/**
 * P1: single allocations over HTTP, durable, idempotent and audited, beside single-row INSERTs through the same driver.
 * The baseline is taken before, between and after, since machines do not hold still; its mean is what is divided by.
 */
import pg from 'pg';
import { insertBaseline, meanPerSecond } from './baseline.js';
import type { Benchmark, Measurement, Result, Setting } from './benchmark.js';
import type { BenchController } from './controller.js';
import { countAllocations, countOverlaps } from './facts.js';
import type { HttpOrder } from './load/http.js';
import { runLoad } from './load/run-load.js';
import { processorTime } from './processor-time.js';
import { measurement } from './samples.js';

export const singleAllocations: Benchmark = {
  id: 'p1',
  async run(setting: Setting): Promise<Result> {
    const controller = await setting.controller();
    const database = new pg.Client({ connectionString: setting.databaseUrl });
    // A lost connection is told by the next query.
    database.on('error', () => undefined);
    await database.connect();
    const one = await makePools(controller, 1);
    const eight = await makePools(controller, 8);

    const spent = [['phase', 'controller', 'PostgreSQL']];
    const watched = async (phase: () => Promise<Measurement>): Promise<Measurement> => {
      const before = await processorTime(controller.pid, setting.databasePid);
      const measured = await phase();
      const after = await processorTime(controller.pid, setting.databasePid);
      spent.push([measured.name, ...(['controller', 'postgres'] as const).map((whose) => ((after[whose] - before[whose]) / measured.count).toFixed(3))]);
      return measured;
    };
    const baseline = (): Promise<Measurement> => watched(() => insertBaseline(setting, database));

    const baselines = [await baseline()];
    // Code that nobody has run yet is not what is measured.
    await allocate({ ...setting, seconds: Math.min(2, setting.seconds) }, controller, 'warming up', one, 32);
    const before = await countAllocations(database);
    const measurements: Measurement[] = [];
    const phases = [[32, one], [128, one], [32, eight], [128, eight]] as const;
    // When a phase ends, each connection may have one request under way whose answer nobody waits for: those of the warm-up too.
    const unheard = phases.reduce((sum, [connections]) => sum + connections, 32);
    for (const [connections, pools] of phases) {
      const name = `allocate, ${connections} connections, ${pools.length === 1 ? 'one pool' : `${pools.length} pools`}`;
      measurements.push(await watched(() => allocate(setting, controller, name, pools, connections)));
      if (measurements.length === 2) baselines.push(await baseline());
    }
    baselines.push(await baseline());

    const mean = meanPerSecond(baselines);
    const ratio = (at: number, goal: number) => ({ name: measurements[at]?.name ?? '', value: (measurements[at]?.perSecond ?? 0) / mean, goal });
    const acknowledged = measurements.reduce((sum, one) => sum + one.count, 0);
    const stored = (await countAllocations(database)) - before;
    const overlapping = await countOverlaps(database);
    await database.end();
    return {
      id: 'P1',
      title: 'single allocations over HTTP ÷ single-row INSERT through the same driver with 32 connections',
      measurements: [...baselines, ...measurements],
      ratios: [ratio(0, 0.8), ratio(1, 1.2), ratio(2, 0.8), ratio(3, 1.2)],
      figures: [{ title: 'processor time, ms each', rows: spent }],
      checks: [
        { name: 'every acknowledged allocation is stored', holds: stored >= acknowledged && stored <= acknowledged + unheard, detail: `${acknowledged} acknowledged, ${stored} stored` },
        { name: 'no two allocations overlap', holds: overlapping === 0, detail: `${overlapping} overlap` },
        { name: 'no request failed', holds: measurements.every((one) => one.errorRate === 0), detail: `${measurements.filter((one) => one.errorRate > 0).length} phases with failures` },
      ],
    };
  },
};

async function makePools(controller: BenchController, count: number): Promise<string[]> {
  const space = await controller.create('/v1/spaces', { name: `bench-${count}` });
  const policy = { allowSpecialPurpose: true };
  const root = await controller.create('/v1/pools', { spaceId: space.id, name: 'root', prefixes: ['10.0.0.0/8'], policy });
  if (count === 1) return [root.id];
  const prefixLength = 8 + Math.ceil(Math.log2(count));
  const children = Array.from({ length: count }, (_, at) => ({ parentId: root.id, name: `pool-${at}`, carve: [{ family: 'ipv4', prefixLength }] }));
  const ids: string[] = [];
  for (const child of children) ids.push((await controller.create('/v1/pools', child)).id);
  return ids;
}

async function allocate({ seconds }: Pick<Setting, 'seconds'>, { url, headers }: BenchController, name: string, pools: readonly string[], connections: number): Promise<Measurement> {
  const bodies = pools.map((poolId) => JSON.stringify({ poolId, prefixLength: 29, holder: 'bench', service: 'internet' }));
  const order: HttpOrder = { url: `${url}/v1/allocations`, headers, bodies, status: 201, connections, seconds };
  const load = await runLoad('http', order);
  for (const reason of load.reasons) console.error(`${name}: ${reason}`);
  return measurement(name, load);
}
