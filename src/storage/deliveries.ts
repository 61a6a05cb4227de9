/** The table of deliveries: which revision each device should hold, and how far it is. */
import type { Delivery } from '../model/device.js';
import { CasmError } from '../model/errors.js';
import type { PageRequest } from '../model/page.js';
import { enqueueDelivery } from './jobs.js';
import { prepared, row, rows, time, type Tx } from './sql.js';

/** Notified with the device's id when a newer revision is committed. */
export const revisionChannel = 'casm_revision';

interface DeliveryRow {
  device_id: string;
  state: Delivery['state'];
  wanted_revision: string;
  rendered_revision: string;
  applied_revision: string;
  attempts: number;
  last_error: string | null;
  last_attempt_at: Date | null;
  next_attempt_at: Date | null;
  applied_at: Date | null;
}

const select = `
  select d.*, case when v.state = 'suspended' then 'suspended' when d.applied_revision = d.wanted_revision then 'settled'
    when d.rejected then 'rejected' when d.attempts > 0 then 'failing' else 'pending' end as state
  from deliveries d join devices v on v.id = d.device_id`;

function toDelivery(found: DeliveryRow): Delivery {
  return {
    deviceId: found.device_id,
    state: found.state,
    wantedRevision: found.wanted_revision,
    renderedRevision: found.rendered_revision,
    appliedRevision: found.applied_revision,
    attempts: found.attempts,
    lastError: found.last_error,
    lastAttemptAt: time(found.last_attempt_at),
    nextAttemptAt: time(found.next_attempt_at),
    appliedAt: time(found.applied_at),
  };
}

export async function insertDelivery(tx: Tx, deviceId: string): Promise<void> {
  await rows(tx, 'insert into deliveries (device_id) values ($1)', [deviceId]);
  await enqueueDelivery(tx, deviceId);
}

/**
 * Marks the device stale and takes its turn until the transaction ends. Devices that hold ranges before parent CAs, each
 * by id: the order in which everyone locks.
 * @returns the revision that will hold the change.
 * @throws CasmError `device-not-found` when the device was removed meanwhile
 */
export async function markStale(tx: Tx, deviceId: string, options: { now?: boolean } = {}): Promise<string> {
  const [stale] = await prepared<{ revision: string }>(
    tx,
    `update deliveries set wanted_revision = wanted_revision + 1, rejected = false where device_id = $1 returning wanted_revision as revision`,
    [deviceId],
  );
  if (stale === undefined) throw new CasmError('device-not-found', `there is no device ${deviceId}`);
  await enqueueDelivery(tx, deviceId, options.now === true ? { runAt: new Date(0), reschedule: 'to this' } : {});
  await prepared(tx, 'select pg_notify($1, $2)', [revisionChannel, deviceId]);
  return stale.revision;
}

export async function lockDelivery(tx: Tx, deviceId: string): Promise<Delivery | undefined> {
  const found = await row<DeliveryRow>(tx, `${select} where d.device_id = $1 for no key update of d`, [deviceId]);
  return found && toDelivery(found);
}

/** Takes the turns of several devices of one kind, by id: the order in which everyone locks. */
export async function lockDeliveries(tx: Tx, deviceIds: readonly string[]): Promise<void> {
  if (deviceIds.length > 0) await prepared(tx, 'select from deliveries where device_id = any($1::uuid[]) order by device_id for no key update', [deviceIds]);
}

export async function findDelivery(tx: Tx, deviceId: string): Promise<Delivery | undefined> {
  const found = await row<DeliveryRow>(tx, `${select} where d.device_id = $1`, [deviceId]);
  return found && toDelivery(found);
}

export async function noteRendered(tx: Tx, deviceId: string, revision: string): Promise<void> {
  await rows(tx, 'update deliveries set rendered_revision = greatest(rendered_revision, $2::bigint), last_attempt_at = now(), next_attempt_at = null where device_id = $1', [
    deviceId,
    revision,
  ]);
}

export async function noteApplied(tx: Tx, deviceId: string, revision: string): Promise<void> {
  await rows(
    tx,
    `update deliveries set rendered_revision = greatest(rendered_revision, $2::bigint), applied_revision = greatest(applied_revision, $2::bigint),
       attempts = 0, rejected = false, last_error = null, next_attempt_at = null, applied_at = now()
     where device_id = $1`,
    [deviceId, revision],
  );
}

/** A refusal parks the delivery while the refused revision is the newest; what the device has applied it no longer refuses. */
export async function noteFailed(tx: Tx, deviceId: string, failure: { revision: string; error: string; rejected: boolean; nextAttemptAt: Date | null }): Promise<void> {
  await rows(
    tx,
    `update deliveries set attempts = attempts + 1, last_error = $2, rejected = $3 and wanted_revision = $5::bigint, next_attempt_at = $4
     where device_id = $1 and applied_revision < $5::bigint`,
    [deviceId, failure.error, failure.rejected, failure.nextAttemptAt, failure.revision],
  );
}

export async function listDeliveries(tx: Tx, page: PageRequest, filter: { deviceId?: string; state?: string }): Promise<Delivery[]> {
  const found = await rows<DeliveryRow>(
    tx,
    `select * from (${select}) s where ($1::uuid is null or device_id > $1) and ($2::uuid is null or device_id = $2) and ($3::text is null or state = $3)
     order by device_id limit $4`,
    [page.after, filter.deviceId ?? null, filter.state ?? null, page.limit + 1],
  );
  return found.map(toDelivery);
}

/** Active push devices whose copy is behind: what a restart finds to do. */
export async function staleDevices(tx: Tx): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select d.device_id as id from deliveries d join devices v on v.id = d.device_id
     where v.state = 'active' and v.adapter <> 'pull' and not d.rejected and d.applied_revision < d.wanted_revision order by 1`,
  );
  return found.map((device) => device.id);
}

/** Parent CAs last confirmed before this: their certificates may be due for renewal, which only an exchange finds out. */
export async function parentCasConfirmedBefore(tx: Tx, before: Date): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select d.device_id as id from deliveries d join devices v on v.id = d.device_id
     where v.state = 'active' and v.kind = 'rpki' and d.applied_revision = d.wanted_revision and d.applied_at < $1 order by 1`,
    [before],
  );
  return found.map((device) => device.id);
}
