/**
 * Enqueues background work in the caller's transaction: what commits is worked on, what rolls back never was. A job
 * names what to look at, never what to do, so duplicates collapse by key and running one twice is harmless.
 */
import { prepared, rows, type Tx } from './sql.js';

export type JobName = 'deliver' | 'return-space' | 'expire-allocation' | 'expire-hold' | 'expire-waiting' | 'serve-waiting' | 'seal-history' | 'sweep' | 'sample-usage' | 'judge-alarms' | 'apply-import';

interface Job {
  readonly name: JobName;
  readonly payload: object;
  readonly key: string;
  /** Jobs of one queue run one after the other. */
  readonly queue?: string;
  readonly runAt?: Date;
  /** Which time counts when the job waits already; its own unless said. */
  readonly reschedule?: 'to this' | 'to the earlier';
}

async function addJob(tx: Tx, job: Job): Promise<void> {
  const runAt = job.reschedule === 'to the earlier' ? 'least($4, (select w.run_at from graphile_worker.jobs w where w.key = $5 and w.locked_by is null))' : '$4';
  await rows(tx, `select graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => ${runAt}, max_attempts => 25, job_key => $5, job_key_mode => $6)`, [
    job.name,
    JSON.stringify(job.payload),
    job.queue ?? null,
    job.runAt ?? null,
    job.key,
    job.reschedule === undefined ? 'preserve_run_at' : 'replace',
  ]);
}

export async function enqueueDelivery(tx: Tx, deviceId: string, options: Pick<Job, 'runAt' | 'reschedule'> = {}): Promise<void> {
  await addJob(tx, { name: 'deliver', payload: { deviceId }, key: `deliver:${deviceId}`, queue: `device:${deviceId}`, ...options });
}

export async function enqueueReturnOfSpace(tx: Tx, poolId: string, runAt: Date): Promise<void> {
  await addJob(tx, { name: 'return-space', payload: { poolId }, key: `return-space:${poolId}`, runAt, reschedule: 'to the earlier' });
}

/** When an allocation or a hold is over. */
export interface Expiry {
  readonly id: string;
  readonly runAt: Date;
}

/** One statement, however many: a turn of a pool has many to say. */
async function addExpiries(tx: Tx, name: JobName, payload: 'allocationId' | 'holdId', expiries: readonly Expiry[]): Promise<void> {
  if (expiries.length === 0) return;
  await prepared(
    tx,
    `select graphile_worker.add_job($1, json_build_object($2::text, e.id), run_at => e.run_at, max_attempts => 25, job_key => $1 || ':' || e.id, job_key_mode => 'replace')
     from unnest($3::uuid[], $4::timestamptz[]) as e (id, run_at)`,
    [name, payload, expiries.map(({ id }) => id), expiries.map(({ runAt }) => runAt)],
  );
}

export async function enqueueExpiries(tx: Tx, expiries: readonly Expiry[]): Promise<void> {
  await addExpiries(tx, 'expire-allocation', 'allocationId', expiries);
}

export async function enqueueHoldExpiries(tx: Tx, expiries: readonly Expiry[]): Promise<void> {
  await addExpiries(tx, 'expire-hold', 'holdId', expiries);
}

/** Imports into one space are applied one after the other. */
export async function enqueueImport(tx: Tx, importId: string, spaceId: string): Promise<void> {
  await addJob(tx, { name: 'apply-import', payload: { importId }, key: `apply-import:${importId}`, queue: `import:${spaceId}` });
}

export async function enqueueWaitingExpiry(tx: Tx, waitingRequestId: string, runAt: Date): Promise<void> {
  await addJob(tx, { name: 'expire-waiting', payload: { waitingRequestId }, key: `expire-waiting:${waitingRequestId}`, runAt });
}

/** For those of the pools that somebody waits for. One question, whatever the number of pools. */
export async function enqueueServing(tx: Tx, poolIds: readonly string[]): Promise<void> {
  await prepared(
    tx,
    `select graphile_worker.add_job('serve-waiting', json_build_object('poolId', p.id), max_attempts => 25, job_key => 'serve-waiting:' || p.id, job_key_mode => 'preserve_run_at')
     from unnest($1::uuid[]) as p (id) where exists (select from waiting_requests w where w.state = 'waiting' and w.pool_ids @> array[p.id])`,
    [poolIds],
  );
}
