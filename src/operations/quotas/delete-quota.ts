import { deleteQuota as remove, lockQuota } from '../../storage/quotas.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import { wakeWaitingOf } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';

/** The holder is bounded no more. @throws CasmError `quota-not-found`, `precondition-failed` */
export async function deleteQuota(work: Work, { quotaId, ifMatch }: { quotaId: string; ifMatch?: string }): Promise<void> {
  const before = found(await lockQuota(work.tx, quotaId), 'quota', quotaId);
  checkVersion(ifMatch, before.version);
  await remove(work.tx, quotaId);
  work.audit({ resourceType: 'quota', resourceId: quotaId, before, after: null });
  await wakeWaitingOf(work.tx, before.holder);
}
