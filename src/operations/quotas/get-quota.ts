import type { Quota } from '../../model/quota.js';
import { findQuota } from '../../storage/quotas.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `quota-not-found` */
export async function getQuota(tx: Tx, { quotaId }: { quotaId: string }): Promise<Quota> {
  return found(await findQuota(tx, quotaId), 'quota', quotaId);
}
