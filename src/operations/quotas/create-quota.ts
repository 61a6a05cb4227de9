import type { Quota, QuotaLimits } from '../../model/quota.js';
import { insertQuota } from '../../storage/quotas.js';
import type { Work } from '../work.js';

export interface QuotaRequest extends Partial<QuotaLimits> {
  readonly holder: string;
  readonly spaceId?: string | null;
}

/** What is not named has no limit. A holder may have more already: then it gets no more. @throws CasmError `name-taken`, `space-not-found` */
export async function createQuota(work: Work, request: QuotaRequest): Promise<Quota> {
  const { holder, spaceId = null, ipv4Addresses = null, ipv6Subnets = null, ipv4AddressesPerRequest = null, ipv6SubnetsPerRequest = null } = request;
  const quota = await insertQuota(work.tx, { id: work.newId(), holder, spaceId, ipv4Addresses, ipv6Subnets, ipv4AddressesPerRequest, ipv6SubnetsPerRequest });
  work.audit({ resourceType: 'quota', resourceId: quota.id, before: null, after: quota });
  return quota;
}
