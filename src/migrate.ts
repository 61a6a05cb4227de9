/** `node dist/migrate.js`: brings the schema up to date and ends. Needs DATABASE_URL and nothing else. */
import 'reflect-metadata';
import { readDatabaseUrl } from './config.js';
import { createDataSource, migrate } from './storage/database.js';

try {
  const url = readDatabaseUrl(process.env);
  const source = await createDataSource(url, 4).initialize();
  const applied = await migrate(source, url);
  console.log(applied.length === 0 ? 'migrations: nothing to do' : `migrations applied: ${applied.join(', ')}`);
  await source.destroy();
} catch (error) {
  console.error(`casm: migrations failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
