import type { AuditEntry } from '../../model/audit.js';
import { numberCursor, page, type Page } from '../../model/page.js';
import * as audit from '../../storage/audit.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listAudit(tx: Tx, request: ListRequest & audit.AuditFilter): Promise<Page<AuditEntry>> {
  const asked = pageRequest(request, numberCursor);
  return page(await audit.listAudit(tx, asked, request), asked, (entry) => entry.id);
}
