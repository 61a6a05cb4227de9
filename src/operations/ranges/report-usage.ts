import { CasmError } from '../../model/errors.js';
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

/** So far beyond the highest stored a sequence may be: enough for a clock in milliseconds, and for one slip to leave room behind it. */
const farthest = 2 ** 48;

/**
 * Stores a sample exactly once by (device, sequence), and ends the drain of ranges that it finds idle.
 * @returns the highest sequence stored. A sample itself is not audited.
 * @throws CasmError `invalid-request` for a sequence that is too far ahead
 */
export async function reportUsage(work: Work, report: UsageReport): Promise<{ lastSequence: number }> {
  const { deviceId, sequence, ranges, revision } = report;
  const most = (await lastSequence(work.tx, deviceId)) + farthest;
  if (sequence > most) {
    const detail = `must be at most ${most}`;
    throw new CasmError('invalid-request', `the sequence ${sequence} is too far ahead of what was reported`, { errors: [{ in: 'body', pointer: '/sequence', detail }] });
  }
  const fresh = await insertReport(work.tx, deviceId, report);
  // The delivery's turn comes before the device's row, as everywhere.
  if (fresh) await noteIdle(work, { deviceId, ids: ranges.filter((range) => BigInt(range.assigned) === 0n).map((range) => range.id), revision: revision ?? null });
  await noteSeen(work.tx, deviceId);
  return { lastSequence: await lastSequence(work.tx, deviceId) };
}
