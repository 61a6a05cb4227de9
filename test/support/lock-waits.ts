/** What cannot be seen from outside, and must not be guessed by a pause: that somebody has come to a lock, and waits. */
import { expect } from 'vitest';
import { eventually } from './controller.js';
import type { TestDatabase } from './database.js';

/** Waits until so many wait for a lock in this database. */
export function lockWaits(database: TestDatabase, count: number): Promise<void> {
  return eventually(async () => expect(await database.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).toHaveLength(count));
}
