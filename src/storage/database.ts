/** The one way to PostgreSQL: the data source, its migrations (numbered SQL files, forward only) and its readiness. */
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { runMigrations as migrateJobQueue } from 'graphile-worker';
import { liftEpoch } from './journal.js';
import { connect, rows, type Tx } from './sql.js';

const migrationsFolder = new URL('../../migrations/', import.meta.url);

function migrationFiles(): string[] {
  return readdirSync(migrationsFolder).filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file)).sort();
}

/** TypeORM takes a migration's time from the last thirteen digits of its name, and orders by it. */
function migrationName(file: string): string {
  return `${file.slice(5, -4)}-${file.slice(0, 4).padStart(13, '0')}`;
}

function migrations(): (new () => MigrationInterface)[] {
  return migrationFiles().map((file) => {
    const sql = readFileSync(new URL(file, migrationsFolder), 'utf8');
    return class implements MigrationInterface {
      readonly name = migrationName(file);
      async up(runner: QueryRunner): Promise<void> {
        await runner.query(sql);
      }
      async down(): Promise<void> {
        throw new Error('migrations go forward only');
      }
    };
  });
}

/** On its way from the pool to whoever asked for it nobody else listens, and an error of nobody's would end the process. */
class Connection extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

export function createDataSource(url: string, connections: number): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    synchronize: false,
    installExtensions: false,
    migrations: migrations(),
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    // Pipelining: statements that do not wait for each other travel together (see later in sql.ts).
    extra: { max: connections, connectionTimeoutMillis: 10_000, pipeline: true, Client: Connection },
    poolErrorHandler: () => {
      // a lost idle connection is replaced at the next use, where an error has someone to be told to
    },
    applicationName: 'casm',
  });
}

/** Brings the schema up to date; controllers that start together take turns. @returns the migrations applied. */
export async function migrate(source: DataSource, url: string): Promise<string[]> {
  const runner = source.createQueryRunner();
  const turn = 0x6361736d;
  try {
    await runner.query('select pg_advisory_lock($1)', [turn]);
    await migrateJobQueue({ connectionString: url, schema: 'graphile_worker' });
    const applied = await source.runMigrations();
    await liftEpoch(await connect(runner));
    return applied.map((migration) => migration.name);
  } finally {
    await runner.query('select pg_advisory_unlock($1)', [turn]).catch(() => undefined);
    await runner.release();
  }
}

/** Migration files that this database has not seen. */
export async function unappliedMigrations(tx: Tx): Promise<string[]> {
  const applied = new Set((await rows<{ name: string }>(tx, 'select name from migrations')).map((migration) => migration.name));
  return migrationFiles().map(migrationName).filter((name) => !applied.has(name));
}
