/**
 * A database of its own for each test file: cloned from a template that was migrated once a run by our own migrations.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDataSource, migrate } from '../../src/storage/database.js';

const template = 'casm_template';

export interface TestDatabase {
  readonly url: string;
  /** SQL of the test's own, past all of our code. */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

function at(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

async function withServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The first file to come makes the template; the others wait for it. */
async function prepareTemplate(url: string): Promise<void> {
  await withServer(url, async (client) => {
    await client.query('select pg_advisory_lock(815)');
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount !== 0) return;
    await client.query(`create database ${template}_new`);
    const source = await createDataSource(at(url, `${template}_new`), 2).initialize();
    await migrate(source, at(url, `${template}_new`));
    await source.destroy();
    await client.query(`alter database ${template}_new rename to ${template}`);
  });
}

/** @param serverUrl `inject('postgresUrl')` */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  await prepareTemplate(serverUrl);
  const name = `casm_test_${randomBytes(6).toString('hex')}`;
  await withServer(serverUrl, (client) => client.query(`create database ${name} template ${template}`));
  const url = at(serverUrl, name);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) => (await pool.query<Row>(sql, [...parameters])).rows,
    drop: async () => {
      await pool.end();
      await withServer(serverUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}
