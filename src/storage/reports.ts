/** The table of usage reports: one row per device and sequence, whatever is repeated. */
import { oneRow, rows, type Tx } from './sql.js';

/** @returns whether it is new. */
export async function insertReport(tx: Tx, deviceId: string, report: { sequence: number; ranges: readonly object[] }): Promise<boolean> {
  const inserted = await rows(tx, 'insert into reports (device_id, sequence, ranges) values ($1, $2, $3::jsonb) on conflict do nothing returning sequence', [
    deviceId,
    report.sequence,
    JSON.stringify(report.ranges),
  ]);
  return inserted.length > 0;
}

export async function lastSequence(tx: Tx, deviceId: string): Promise<number> {
  const { last } = await oneRow<{ last: string }>(tx, 'select coalesce(max(sequence), 0) as last from reports where device_id = $1', [deviceId]);
  return Number(last);
}

/** Keeps each device's newest report and what is younger than this. */
export async function deleteReportsBefore(tx: Tx, before: Date): Promise<void> {
  await rows(
    tx,
    `delete from reports r where received_at < $1 and sequence < (select max(sequence) from reports n where n.device_id = r.device_id)`,
    [before],
  );
}
