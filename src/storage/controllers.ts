/** Which controllers are alive. A dead one's jobs are unlocked so that the living take them over. */
import { row, rows, type Tx } from './sql.js';

export async function beat(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'insert into controllers (id) values ($1) on conflict (id) do update set heartbeat_at = now()', [id]);
}

export async function leave(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'delete from controllers where id = $1', [id]);
}

/** Unlocks the jobs of every worker pool that no living controller owns. @returns the ids of the dead. */
export async function buryTheDead(tx: Tx, silentSeconds: number): Promise<string[]> {
  const lockedBy = await rows<{ id: string }>(
    tx,
    `select distinct locked_by as id from graphile_worker.jobs
     where locked_by is not null and not exists (select from controllers c where c.id = locked_by and c.heartbeat_at > now() - make_interval(secs => $1))`,
    [silentSeconds],
  );
  const dead = lockedBy.map((pool) => pool.id);
  if (dead.length > 0) await row(tx, 'select graphile_worker.force_unlock_workers($1::text[])', [dead]);
  await rows(tx, 'delete from controllers where heartbeat_at < now() - make_interval(secs => $1)', [silentSeconds]);
  return dead;
}

/** Seconds the oldest due and unlocked job has waited; 0 when none does. */
export async function oldestDueJob(tx: Tx): Promise<number> {
  const found = await row<{ seconds: number }>(
    tx,
    `select coalesce(extract(epoch from now() - min(run_at)), 0)::float8 as seconds from graphile_worker.jobs
     where locked_by is null and run_at < now() and attempts < max_attempts`,
  );
  return found?.seconds ?? 0;
}
