import { oldestDueJob } from '../../storage/controllers.js';
import { unappliedMigrations } from '../../storage/database.js';
import type { Tx } from '../../storage/sql.js';

export interface Readiness {
  readonly migrations: string;
  readonly work: string;
}

/** How long a due job may wait before background work counts as standing still. */
const patienceSeconds = 60;

/** What of the controller's duties can be done now: `ok`, or what is wrong. */
export async function getReadiness(tx: Tx, { workerRuns }: { workerRuns: boolean }): Promise<Readiness> {
  const missing = await unappliedMigrations(tx);
  const waiting = await oldestDueJob(tx);
  return {
    migrations: missing.length === 0 ? 'ok' : `not applied yet: ${missing.join(', ')}`,
    work: !workerRuns ? 'the worker does not run' : waiting > patienceSeconds ? `a job has been due for ${Math.round(waiting)} s` : 'ok',
  };
}
