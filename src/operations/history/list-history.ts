import { CasmError } from '../../model/errors.js';
import type { HistoryState } from '../../model/history.js';
import { numberCursor, page, type Page } from '../../model/page.js';
import { formatPrefix, parsePrefix, parsePrefixOrAddress } from '../../model/prefix.js';
import * as history from '../../storage/history.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

/**
 * What was held where, when and by whom.
 * @throws CasmError `invalid-request` when nothing says whose history, or when `at` goes with a span; `invalid-prefix`, `invalid-cursor`
 */
export async function listHistory(tx: Tx, request: ListRequest & history.HistoryFilter): Promise<Page<HistoryState>> {
  const { contains, prefix, allocationId, at, from, to } = request;
  if (contains === undefined && prefix === undefined && allocationId === undefined) throw refused('contains', 'or prefix or allocationId must say whose history');
  if (at !== undefined && (from !== undefined || to !== undefined)) throw refused('at', 'is one moment, and goes with neither from nor to');
  if (from !== undefined && to !== undefined && !(new Date(from) < new Date(to))) throw refused('to', 'must be after from');
  const asked = pageRequest(request, numberCursor);
  const filter = {
    ...request,
    contains: contains === undefined ? undefined : formatPrefix(parsePrefixOrAddress(contains)),
    prefix: prefix === undefined ? undefined : formatPrefix(parsePrefix(prefix)),
  };
  return page(await history.listHistory(tx, asked, filter), asked, (state) => state.id);
}

function refused(pointer: string, detail: string): CasmError {
  return new CasmError('invalid-request', `${pointer} ${detail}`, { errors: [{ in: 'query', pointer, detail }] });
}
