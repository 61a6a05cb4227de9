/** The journal is read as far as its horizon, and whatever another test file does on the same server may hold that back. */
import { expect } from 'vitest';
import { eventually } from './controller.js';
import type { TestDatabase } from './database.js';

/** Waits until the horizon has passed all there is: it does not go back. */
export function pastHorizon(database: TestDatabase): Promise<void> {
  return eventually(async () => expect(await database.query('select from audit where turn >= journal_horizon()')).toEqual([]));
}
