import type { Quota, QuotaLimits } from '../../model/quota.js';
import { findQuota, lockQuota, updateQuota as update } from '../../storage/quotas.js';
import { wakeWaitingOf } from '../waiting/wake-waiting.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';

export interface QuotaUpdate extends Partial<QuotaLimits> {
  readonly quotaId: string;
  readonly ifMatch?: string;
}

/** What is not named stays; null lifts a limit. Whoever waited for more is tried again. @throws CasmError `quota-not-found`, `precondition-failed` */
export async function updateQuota(work: Work, { quotaId, ifMatch, ...limits }: QuotaUpdate): Promise<Quota> {
  const before = found(await lockQuota(work.tx, quotaId), 'quota', quotaId);
  checkVersion(ifMatch, before.version);
  await update(work.tx, quotaId, { ...before, ...limits });
  const after = found(await findQuota(work.tx, quotaId), 'quota', quotaId);
  work.audit({ resourceType: 'quota', resourceId: quotaId, before, after });
  await wakeWaitingOf(work.tx, before.holder);
  return after;
}
