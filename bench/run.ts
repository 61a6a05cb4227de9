/**
 * `npm run bench [-- [--quick] [--only=p1] [--json=FILE]]`: runs the benchmarks one after the other, each on an empty
 * PostgreSQL of its own, and prints what came out, whatever it is. Fails only when a figure cannot be believed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/lab/embedded-postgres/start-embedded-postgres.js';
import type { Benchmark, Result } from './benchmark.js';
import { newSecrets, startController } from './controller.js';
import { singleAllocations } from './p1-single-allocations.js';
import { bulkAllocations } from './p2-bulk-allocations.js';
import { latencyBySiblings } from './p3-latency-by-siblings.js';
import { parallelCorrectness } from './p4-parallel-correctness.js';
import { memoryAndBytes } from './p7-memory-and-bytes.js';
import { report, table } from './report.js';

const benchmarks: readonly Benchmark[] = [singleAllocations, bulkAllocations, latencyBySiblings, parallelCorrectness, memoryAndBytes];

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, json: { type: 'string' } } });
const { quick } = values;
const seconds = quick ? 2 : 10;
const chosen = benchmarks.filter((benchmark) => values.only === undefined || values.only === benchmark.id);
if (chosen.length === 0) {
  console.error(`there is no benchmark "${values.only}": ${benchmarks.map((benchmark) => benchmark.id).join(', ')}`);
  process.exit(2);
}

const broken = Promise.withResolvers<never>();
broken.promise.catch(() => undefined);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => broken.reject(new Error(`stopped by ${signal}`)));

let postgres = '';
async function onStage(benchmark: Benchmark): Promise<Result> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'casm-bench-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const server = await startEmbeddedPostgres({ folder, durable: true, maxConnections: 200 });
    undo.push(() => server.stop());
    postgres = await versionOf(server.url);
    const secrets = newSecrets();
    const controller = async () => {
      const started = await startController(server.url, secrets, broken.reject);
      undo.push(() => started.stop());
      return started;
    };
    return await Promise.race([benchmark.run({ databaseUrl: server.url, databasePid: server.pid, seconds, quick, controller }), broken.promise]);
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

async function versionOf(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ server_version: string; fsync: string; synchronous_commit: string }>(
    `select current_setting('server_version') as server_version, current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit`,
  );
  await client.end();
  const [row] = rows;
  return `${row?.server_version}, fsync ${row?.fsync}, synchronous_commit ${row?.synchronous_commit}`;
}

try {
  const results: Result[] = [];
  for (const benchmark of chosen) {
    const result = await onStage(benchmark);
    results.push(result);
    console.log(`${table(result)}\n`);
  }
  const text = JSON.stringify(report(results, seconds, postgres, new Date()), null, 2);
  console.log(text);
  if (values.json !== undefined) await writeFile(values.json, `${text}\n`);
  process.exitCode = results.every((result) => result.checks.every((check) => check.holds)) ? 0 : 1;
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  // What was under way when it broke has nobody to tell any more.
  process.exit(1);
}
