/**
 * P4: sixteen clients allocate and release in one pool at the same time, through one controller and through two on the same
 * database. What they were told is compared with what SQL finds; the baseline of two controllers is one, before and after.
 */
import pg from 'pg';
import type { Benchmark, Measurement, Result, Setting } from './benchmark.js';
import { countOverlaps } from './facts.js';
import { fsck } from './fsck.js';
import type { ClientsOrder, ClientsOutcome, Kept } from './load/clients.js';
import { runLoad } from './load/run-load.js';
import { measurement } from './samples.js';

const clients = 16;
const seed = 20_260_301;
const wanted = [
  ...[26, 27, 28, 29, 30].map((prefixLength) => ({ family: 'ipv4' as const, prefixLength })),
  ...[56, 58, 60].map((prefixLength) => ({ family: 'ipv6' as const, prefixLength })),
];

export const parallelCorrectness: Benchmark = {
  id: 'p4',
  async run(setting: Setting): Promise<Result> {
    const one = await setting.controller();
    const two = await setting.controller();
    const database = new pg.Client({ connectionString: setting.databaseUrl });
    await database.connect();
    const space = await one.create('/v1/spaces', { name: 'bench' });
    const pool = await one.create('/v1/pools', { spaceId: space.id, name: 'root', prefixes: ['10.0.0.0/12', '2001:db8::/40'], policy: { allowSpecialPurpose: true } });

    const kept: Kept[] = [];
    let duplicates = 0;
    let phase = 0;
    const run = async (name: string, urls: readonly string[], seconds: number): Promise<Measurement> => {
      phase += 1;
      const order: ClientsOrder = { urls, headers: one.headers, poolId: pool.id, wanted, clients, seconds, seed: seed + phase * clients };
      const outcome = await runLoad<ClientsOutcome>('clients', order);
      for (const reason of outcome.load.reasons) console.error(`${name}: ${reason}`);
      kept.push(...outcome.kept);
      duplicates += outcome.duplicates;
      return measurement(name, outcome.load);
    };
    const both = [one.url, two.url];
    // Code that nobody has run yet is not what is measured.
    const warmUp = await run('warming up', both, Math.min(3, setting.seconds));
    const measurements = [
      await run('one controller', [one.url], setting.seconds),
      await run('two controllers', both, setting.seconds),
      await run('two controllers, again', both, setting.seconds),
      await run('one controller, again', [one.url], setting.seconds),
    ];
    const rate = (...at: number[]): number => at.reduce((sum, n) => sum + (measurements[n]?.perSecond ?? 0), 0) / at.length;
    const failures = [warmUp, ...measurements].reduce((sum, phase) => sum + Math.round((phase.errorRate / (1 - phase.errorRate)) * phase.count), 0);
    const overlapping = await countOverlaps(database);
    const { lost, unknown } = await compare(database, kept);
    const tiling = await fsck(setting.databaseUrl);
    await database.end();
    return {
      id: 'P4',
      title: `${clients} clients allocate and release in one pool, mixed lengths, both families: two controllers ÷ one`,
      measurements,
      ratios: [{ name: 'two controllers ÷ one', value: rate(1, 2) / rate(0, 3), goal: 0.8 }],
      checks: [
        { name: 'nobody is told what another has', holds: duplicates === 0, detail: `${duplicates} duplicates` },
        { name: 'no two allocations overlap', holds: overlapping === 0, detail: `${overlapping} overlap` },
        { name: 'no request fails', holds: failures === 0, detail: `${failures} failures` },
        { name: 'what was acknowledged is there', holds: lost === 0, detail: `${kept.length} held, ${lost} lost` },
        { name: 'what was given back is gone', holds: unknown === 0, detail: `${unknown} that nobody holds` },
        { name: 'nothing leaks: the pool is tiled exactly', ...tiling },
      ],
    };
  },
};

/** What the clients hold beside what is stored: the same ids with the same prefixes. */
async function compare(database: pg.Client, kept: readonly Kept[]): Promise<{ lost: number; unknown: number }> {
  const { rows } = await database.query<{ lost: number; unknown: number }>(
    `select count(*) filter (where a.id is null)::int as lost, count(*) filter (where k.id is null)::int as unknown
     from unnest($1::uuid[], $2::cidr[]) as k (id, prefix) full join allocations a on a.id = k.id and a.prefix = k.prefix`,
    [kept.map((one) => one.id), kept.map((one) => one.prefix)],
  );
  return rows[0] ?? { lost: Number.NaN, unknown: Number.NaN };
}
