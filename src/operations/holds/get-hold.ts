import type { Hold } from '../../model/hold.js';
import { findHold } from '../../storage/holds.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `hold-not-found` */
export async function getHold(tx: Tx, { holdId }: { holdId: string }): Promise<Hold> {
  return found(await findHold(tx, holdId), 'hold', holdId).hold;
}
