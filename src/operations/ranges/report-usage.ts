import { noteSeen } from '../../storage/devices.js';
import { insertReport, lastSequence } from '../../storage/reports.js';
import type { Work } from '../work.js';

export interface UsageReport {
  readonly deviceId: string;
  readonly sequence: number;
  readonly ranges: readonly object[];
}

/** Stores a sample exactly once by (device, sequence). @returns the highest sequence stored. A sample is not audited: it changes no state. */
export async function reportUsage(work: Work, report: UsageReport): Promise<{ lastSequence: number }> {
  await insertReport(work.tx, report.deviceId, report);
  await noteSeen(work.tx, report.deviceId);
  return { lastSequence: await lastSequence(work.tx, report.deviceId) };
}
