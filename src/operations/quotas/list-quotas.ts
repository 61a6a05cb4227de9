import { page, type Page } from '../../model/page.js';
import type { Quota } from '../../model/quota.js';
import * as quotas from '../../storage/quotas.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listQuotas(tx: Tx, request: ListRequest & { holder?: string; spaceId?: string }): Promise<Page<Quota>> {
  const asked = pageRequest(request);
  return page(await quotas.listQuotas(tx, asked, request), asked, (quota) => quota.id);
}
