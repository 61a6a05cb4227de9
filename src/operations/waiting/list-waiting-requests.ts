import { page, type Page } from '../../model/page.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import type { Tx } from '../../storage/sql.js';
import * as waiting from '../../storage/waiting-requests.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listWaitingRequests(tx: Tx, request: ListRequest & { state?: string; poolId?: string; holder?: string }): Promise<Page<WaitingRequest>> {
  const asked = pageRequest(request);
  return page(await waiting.listWaitingRequests(tx, asked, request), asked, (one) => one.id);
}
