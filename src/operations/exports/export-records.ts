import type { ExchangeKind, RecordOf } from '../../model/exchange.js';
import { eachRecord } from '../../storage/exchange.js';
import { findSpace } from '../../storage/spaces.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

export interface ExportRequest<Kind extends ExchangeKind> {
  readonly kind: Kind;
  readonly spaceId: string;
  readonly visit: (page: RecordOf[Kind][]) => Promise<void>;
}

/** Everything of one kind in a space, of one moment, a page at a time. @throws CasmError `space-not-found` before the first page */
export async function exportRecords<Kind extends ExchangeKind>(tx: Tx, { kind, spaceId, visit }: ExportRequest<Kind>): Promise<void> {
  found(await findSpace(tx, spaceId), 'space', spaceId);
  // The first page is shown even if it is empty: the visitor learns that there is a space.
  await visit([]);
  await eachRecord(tx, kind, spaceId, visit);
}
