import { page, type Page } from '../../model/page.js';
import type { Labels, Space } from '../../model/space.js';
import * as spaces from '../../storage/spaces.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listSpaces(tx: Tx, request: ListRequest & { labels?: Labels }): Promise<Page<Space>> {
  const asked = pageRequest(request);
  return page(await spaces.listSpaces(tx, asked, request.labels ?? null), asked, (space) => space.id);
}
