/**
 * One PostgreSQL for a whole test run (vitest globalSetup): tests get its URL by `inject('postgresUrl')`, as a superuser
 * who may create databases. CASM_TEST_DATABASE_URL names another server to use instead, which is left as it is.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/lab/embedded-postgres/start-embedded-postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['CASM_TEST_DATABASE_URL'];
  if (given) {
    project.provide('postgresUrl', given);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'casm-test-postgres-'));
  const server = await startEmbeddedPostgres({ folder, durable: false, maxConnections: 300 });
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
