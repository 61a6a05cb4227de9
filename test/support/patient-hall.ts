/** Operations without a controller around them, on a database that tells nobody of a deadlock: one would hang the test for ever. */
import { expect, inject } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { Hall } from '../../src/operations/hall.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { secretKey } from './controller.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export interface PatientHall {
  readonly hall: Hall;
  readonly database: TestDatabase;
  stop(): Promise<void>;
}

export async function openPatientHall(): Promise<PatientHall> {
  const database = await createTestDatabase(inject('postgresUrl'));
  const url = new URL(database.url);
  url.searchParams.set('options', '-c deadlock_timeout=1h');
  const source = await createDataSource(url.href, 12).initialize();
  expect(await source.query('show deadlock_timeout')).toEqual([{ deadlock_timeout: '1h' }]);
  return {
    hall: new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7),
    database,
    stop: async () => {
      // Those that hang would never give their connections back.
      await database.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
      await source.destroy();
      await database.drop();
    },
  };
}
