import type { Import, Refusal } from '../../model/import.js';
import { numberCursor, page, type Page } from '../../model/page.js';
import * as imports from '../../storage/imports.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';
import { found } from '../not-found.js';

/** @throws CasmError `import-not-found` */
export async function getImport(tx: Tx, { importId }: { importId: string }): Promise<Import> {
  return found(await imports.findImport(tx, importId), 'import', importId);
}

/** Refused lines in the order of the file. @throws CasmError `import-not-found`, `invalid-cursor` */
export async function listRefusals(tx: Tx, request: ListRequest & { importId: string }): Promise<Page<Refusal>> {
  const { id } = await getImport(tx, request);
  const asked = pageRequest(request, numberCursor);
  return page(await imports.listRefusals(tx, id, asked), asked, (refusal) => String(refusal.line));
}
