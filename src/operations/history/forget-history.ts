import { deleteSealed, sealedBefore } from '../../storage/audit-seals.js';
import type { Work } from '../work.js';

const atOnce = 20_000;

/**
 * Deletes what is past retention, in sealed ranges that lie wholly before it. The seals stay, and so does what began a state
 * that reaches into the time kept. An entry of the audit says up to when it was done.
 * @param years at least 1, which the database demands too
 * @returns whether there may be more to delete
 */
export async function forgetHistory(work: Work, { years }: { years: number }): Promise<boolean> {
  const cutoff = new Date(work.now);
  cutoff.setUTCFullYear(cutoff.getUTCFullYear() - years);
  const rows = await deleteSealed(work.tx, await sealedBefore(work.tx, cutoff), cutoff, atOnce);
  if (rows > 0) work.audit({ resourceType: 'history', resourceId: null, before: null, after: { before: cutoff.toISOString(), rows } });
  return rows === atOnce;
}
