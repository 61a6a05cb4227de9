import { page, type Page } from '../../model/page.js';
import type { Token } from '../../model/token.js';
import * as tokens from '../../storage/tokens.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listTokens(tx: Tx, request: ListRequest): Promise<Page<Token>> {
  const asked = pageRequest(request);
  return page(await tokens.listTokens(tx, asked), asked, (token) => token.id);
}
