/** A load of single-row INSERTs, each committed by itself, over so many connections: the least that keeping something costs. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Load } from '../samples.js';
import { onOrder } from './run-load.js';

export interface InsertOrder {
  readonly databaseUrl: string;
  /** (id uuid primary key, prefix cidr, holder text) */
  readonly table: string;
  readonly connections: number;
  readonly seconds: number;
}

onOrder(async ({ databaseUrl, table, connections, seconds }: InsertOrder): Promise<Load> => {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      return client;
    }),
  );
  const latencies: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  let made = 0;
  const work = async (client: pg.Client): Promise<void> => {
    for (let at = performance.now(); at < end; ) {
      const number = made++;
      const prefix = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}/32`;
      // Named, and so parsed and planned once a connection: the baseline is given every advantage.
      await client.query({ name: 'insert', text: `insert into ${table} (id, prefix, holder) values ($1, $2, $3)`, values: [randomUUID(), prefix, 'bench'] });
      const now = performance.now();
      latencies.push(now - at);
      at = now;
    }
  };
  await Promise.all(clients.map(work));
  const spent = (performance.now() - began) / 1000;
  await Promise.all(clients.map((client) => client.end()));
  return { seconds: spent, latencies: Float64Array.from(latencies), failures: 0, reasons: [] };
});
