import { noteSeen } from '../../storage/devices.js';
import { insertReport, lastSequence } from '../../storage/reports.js';
import type { Work } from '../work.js';
import { noteIdle } from './note-idle.js';

export interface UsageReport {
  readonly deviceId: string;
  readonly sequence: number;
  /** The revision the device held when the sample was taken. */
  readonly revision?: string;
  readonly ranges: readonly { readonly id: string; readonly assigned: string }[];
}

/**
 * Stores a sample exactly once by (device, sequence), and ends the drain of ranges that it finds idle.
 * @returns the highest sequence stored. A sample itself is not audited.
 */
export async function reportUsage(work: Work, report: UsageReport): Promise<{ lastSequence: number }> {
  const { deviceId, ranges, revision } = report;
  const fresh = await insertReport(work.tx, deviceId, report);
  // The delivery's turn comes before the device's row, as everywhere.
  if (fresh) await noteIdle(work, { deviceId, ids: ranges.filter((range) => BigInt(range.assigned) === 0n).map((range) => range.id), revision: revision ?? null });
  await noteSeen(work.tx, deviceId);
  return { lastSequence: await lastSequence(work.tx, deviceId) };
}
