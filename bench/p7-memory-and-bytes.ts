/**
 * P7: what a million allocations leave behind: in the memory of the controller, beside the same controller warmed up, and in
 * the database, per allocation and per relation. What is written for the memory of the thing (audit) is counted apart.
 */
import pg from 'pg';
import type { Benchmark, Measurement, Result, Setting } from './benchmark.js';
import type { BenchController } from './controller.js';
import { countAllocations, countOverlaps } from './facts.js';
import type { HttpOrder } from './load/http.js';
import { runLoad } from './load/run-load.js';
import { bytesBetween, relationSizes, residentKilobytes } from './sizes.js';
import { measurement } from './samples.js';

const itemsPerBatch = 1_000;
/** After so many the heap of a new process has found its working size. */
const warmUpBatches = 50;
/** So many parts, each followed by a look at the memory. */
const parts = 10;

export const memoryAndBytes: Benchmark = {
  id: 'p7',
  async run(setting: Setting): Promise<Result> {
    const total = setting.quick ? 100_000 : 1_000_000;
    const controller = await setting.controller();
    const database = new pg.Client({ connectionString: setting.databaseUrl });
    await database.connect();
    const space = await controller.create('/v1/spaces', { name: 'bench' });
    const pool = await controller.create('/v1/pools', { spaceId: space.id, name: 'root', prefixes: ['10.0.0.0/8'], policy: { allowSpecialPurpose: true } });
    const cold = await residentKilobytes(controller.pid);
    // Code that nobody has run yet, and a heap that has never been full, are not what is measured.
    await allocate(controller, 'warming up', pool.id, warmUpBatches);
    const before = await relationSizes(database);
    const stored = await countAllocations(database);
    const start = await residentKilobytes(controller.pid);
    const memory = [['after', 'MiB'], ['the start, before any request', mebibytes(cold)], ['the warm-up', mebibytes(start)]];
    const measurements: Measurement[] = [];
    for (let part = 1; part <= parts; part += 1) {
      const made = await allocate(controller, `part ${part}`, pool.id, total / itemsPerBatch / parts);
      measurements.push(made);
      memory.push([`${(total / parts) * part} allocations`, mebibytes(await residentKilobytes(controller.pid))]);
    }
    const end = await residentKilobytes(controller.pid);
    const added = (await countAllocations(database)) - stored;
    const after = await relationSizes(database);

    const keysBefore = await relationSizes(database);
    const singles = await allocateSingly(setting, controller, pool.id);
    measurements.push(singles);
    const keys = bytesBetween(keysBefore, await relationSizes(database), singles.count).get('idempotency')?.perItem ?? Number.NaN;

    const bytes = bytesBetween(before, after, added);
    const overlapping = await countOverlaps(database);
    await database.end();
    const each = (group: string): number => bytes.get(group)?.perItem ?? 0;
    return {
      id: 'P7',
      title: `${total} allocations, in batches of ${itemsPerBatch}: memory of the controller ÷ at its start; bytes per allocation in the database, indexes included`,
      measurements,
      ratios: [
        { name: 'resident memory after all ÷ after the warm-up', value: end / start, goal: 1.3, bound: 'at most' },
        { name: 'bytes per allocation, with its share of free blocks', value: each('allocation') + each('free blocks'), goal: 600, bound: 'at most' },
      ],
      figures: [
        { title: 'resident memory of the controller', rows: memory },
        { title: 'bytes per allocation', rows: [['what', 'bytes'], ...[...bytes].map(([group, { perItem }]) => [group, perItem.toFixed(0)]), ['idempotency, when each is a request of its own', keys.toFixed(0)]] },
        { title: 'by relation', rows: [['relation', 'bytes'], ...[...bytes.values()].flatMap(({ relations }) => relations).map(({ name, perItem }) => [name, perItem.toFixed(1)])] },
      ],
      checks: [
        { name: 'every allocation is stored', holds: added === total, detail: `${added} of ${total}` },
        { name: 'no two allocations overlap', holds: overlapping === 0, detail: `${overlapping} overlap` },
        { name: 'no request failed', holds: measurements.every((one) => one.errorRate === 0), detail: `${measurements.filter((one) => one.errorRate > 0).length} phases with failures` },
      ],
    };
  },
};

const mebibytes = (kilobytes: number): string => (kilobytes / 1024).toFixed(0);
const item = (poolId: string): object => ({ poolId, family: 'ipv4', prefixLength: 29, holder: 'bench', service: 'internet' });

/** One batch after the other; counts are those of items, latencies those of batches. */
async function allocate({ url, headers }: BenchController, name: string, poolId: string, batches: number): Promise<Measurement> {
  const items = Array.from({ length: itemsPerBatch }, () => ({ operation: 'allocatePrefix', body: item(poolId) }));
  const order: HttpOrder = { url: `${url}/v1/batches`, headers, bodies: [JSON.stringify({ mode: 'atomic', items })], status: 200, connections: 1, requests: batches };
  const load = await runLoad('http', order);
  for (const reason of load.reasons) console.error(`${name}: ${reason}`);
  const done = measurement(name, load);
  return { ...done, count: done.count * itemsPerBatch, perSecond: done.perSecond * itemsPerBatch };
}

async function allocateSingly({ seconds }: Setting, { url, headers }: BenchController, poolId: string): Promise<Measurement> {
  const order: HttpOrder = { url: `${url}/v1/allocations`, headers, bodies: [JSON.stringify(item(poolId))], status: 201, connections: 32, seconds };
  return measurement('singly, 32 connections', await runLoad('http', order));
}
