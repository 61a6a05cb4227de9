import type { Allocation } from '../../model/allocation.js';
import { findAllocation } from '../../storage/allocations.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

/** @throws CasmError `allocation-not-found` */
export async function getAllocation(tx: Tx, { allocationId }: { allocationId: string }): Promise<Allocation> {
  return found(await findAllocation(tx, allocationId), 'allocation', allocationId);
}
