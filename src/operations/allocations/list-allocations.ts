import type { Allocation } from '../../model/allocation.js';
import { page, type Page } from '../../model/page.js';
import * as allocations from '../../storage/allocations.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listAllocations(tx: Tx, request: ListRequest & allocations.AllocationFilter): Promise<Page<Allocation>> {
  const asked = pageRequest(request);
  return page(await allocations.listAllocations(tx, asked, request), asked, (allocation) => allocation.id);
}
