import { page, type Page } from '../../model/page.js';
import type { Pool } from '../../model/pool.js';
import * as pools from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listPools(tx: Tx, request: ListRequest & pools.PoolFilter): Promise<Page<Pool>> {
  const asked = pageRequest(request);
  return page(await pools.listPools(tx, asked, request), asked, (pool) => pool.id);
}
