/** What benchmarks of writing divide by: single-row INSERTs, each committed by itself, through the same driver. */
import type pg from 'pg';
import type { Measurement, Setting } from './benchmark.js';
import type { InsertOrder } from './load/insert.js';
import { runLoad } from './load/run-load.js';
import { measurement } from './samples.js';

const connections = 32;
const table = 'bench_baseline';

/** Taken before, between and after the phases, since machines do not hold still. */
export async function insertBaseline({ databaseUrl, seconds }: Setting, database: pg.Client): Promise<Measurement> {
  await database.query(`create table if not exists ${table} (id uuid primary key, prefix cidr not null, holder text not null)`);
  const order: InsertOrder = { databaseUrl, table, connections, seconds };
  return measurement(`insert, ${connections} connections`, await runLoad('insert', order));
}

export function meanPerSecond(measurements: readonly Measurement[]): number {
  return measurements.reduce((sum, one) => sum + one.perSecond, 0) / measurements.length;
}
