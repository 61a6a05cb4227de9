import { CasmError } from '../../model/errors.js';
import type { Pool } from '../../model/pool.js';

/** @throws CasmError `pool-retiring` when nothing is given out from the pool any more. */
export function requireOpen({ id, name, state }: Pick<Pool, 'id' | 'name' | 'state'>): void {
  if (state === 'active') return;
  throw new CasmError('pool-retiring', `${name} is retiring and gives nothing out any more: activate it first, or ask another pool`, { conflicts: [id] });
}
