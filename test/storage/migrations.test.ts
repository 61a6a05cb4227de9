/** Migrations: applied once, a no-op from then on, and by one controller when several start at the same time. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { createDataSource, migrate, unappliedMigrations } from '../../src/storage/database.js';
import { Transactions } from '../../src/storage/transactions.js';

/** An empty database of the server for the length of the work. */
async function withEmptyDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const server = new pg.Client({ connectionString: inject('postgresUrl') });
  await server.connect();
  const name = `casm_empty_${randomBytes(6).toString('hex')}`;
  try {
    await server.query(`create database ${name}`);
    const url = new URL(inject('postgresUrl'));
    url.pathname = `/${name}`;
    await work(url.href);
  } finally {
    await server.query(`drop database if exists ${name} with (force)`);
    await server.end();
  }
}

async function migrateOnce(url: string): Promise<string[]> {
  const source = await createDataSource(url, 3).initialize();
  try {
    return await migrate(source, url);
  } finally {
    await source.destroy();
  }
}

async function schemaOf(url: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select table_schema, table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
       where table_schema in ('public', 'graphile_worker') order by 1, 2, 3`,
    );
    return rows;
  } finally {
    await client.end();
  }
}

test('applied in order, and a second time nothing is left to do', async () => {
  await withEmptyDatabase(async (url) => {
    const applied = await migrateOnce(url);
    expect(applied.length).toBeGreaterThanOrEqual(4);
    expect(applied).toEqual(applied.toSorted((a, b) => a.slice(-13).localeCompare(b.slice(-13))));
    const schema = await schemaOf(url);
    expect(await migrateOnce(url)).toEqual([]);
    expect(await schemaOf(url)).toEqual(schema);
  });
});

test('controllers that start together take turns: each migration is applied by one of them', async () => {
  await withEmptyDatabase(async (url) => {
    const applied = await Promise.all([migrateOnce(url), migrateOnce(url), migrateOnce(url)]);
    expect(applied.flat().toSorted()).toEqual([...new Set(applied.flat())].toSorted());
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await migrateOnce(url)).toEqual([]);
  });
});

test('what has not been applied is known', async () => {
  await withEmptyDatabase(async (url) => {
    const applied = await migrateOnce(url);
    const source = await createDataSource(url, 3).initialize();
    const transactions = new Transactions(source);
    expect(await transactions.snapshot(unappliedMigrations)).toEqual([]);
    await source.query('delete from migrations where name = $1', [applied.at(-1)]);
    expect(await transactions.snapshot(unappliedMigrations)).toEqual([applied.at(-1)]);
    await source.destroy();
  });
});
