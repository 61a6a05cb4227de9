import type { Hold } from '../../model/hold.js';
import { page, type Page } from '../../model/page.js';
import * as holds from '../../storage/holds.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listHolds(tx: Tx, request: ListRequest & { poolId?: string; holder?: string }): Promise<Page<Hold>> {
  const asked = pageRequest(request);
  return page(await holds.listHolds(tx, asked, request), asked, (hold) => hold.id);
}
