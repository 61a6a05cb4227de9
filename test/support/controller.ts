/** The controller as the tests run it in their own process: whole, on a database of its own and a free port. */
import { expect, inject } from 'vitest';
import { usualBounds, type Bounds } from '../../src/bounds.js';
import { startController, type RunningController } from '../../src/controller.js';
import { Api } from './api.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { untoldChanges } from './journal.js';

export const adminToken = 'admin-token-of-the-tests';
export const secretKey = Buffer.alloc(32, 7);

export interface TestController {
  readonly api: Api;
  readonly database: TestDatabase;
  readonly running: RunningController;
  stop(): Promise<void>;
}

export async function startTestController(bounds: Partial<Bounds> = {}): Promise<TestController> {
  const database = await createTestDatabase(inject('postgresUrl'));
  const config = { databaseUrl: database.url, databaseConnections: 10, host: '127.0.0.1', port: 0, adminToken, secretKey, migrate: false, workers: 2, historyYears: 7, logLevel: 'error' } as const;
  const running = await startController(config, { ...usualBounds, ...bounds });
  return {
    api: new Api(running.url, adminToken),
    database,
    running,
    stop: async () => {
      await running.stop();
      // Whatever a test did, the journal tells of all of it.
      const untold = await untoldChanges(database);
      await database.drop();
      expect(untold).toEqual([]);
    },
  };
}

/** Asks again until the check passes; its last failure is the test's. */
export async function eventually<T>(check: () => Promise<T>, milliseconds = 15_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
