import type { Import } from '../../model/import.js';
import { page, type Page } from '../../model/page.js';
import * as imports from '../../storage/imports.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

/** The newest first. @throws CasmError `invalid-cursor` */
export async function listImports(tx: Tx, request: ListRequest & { spaceId?: string }): Promise<Page<Import>> {
  const asked = pageRequest(request);
  return page(await imports.listImports(tx, asked, request), asked, (one) => one.id);
}
