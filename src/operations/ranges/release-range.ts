import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { formatPrefix, parsePrefix } from '../../model/prefix.js';
import { findAllocation } from '../../storage/allocations.js';
import { releaseAllocation } from '../allocations/release-allocation.js';
import type { Work } from '../work.js';

export interface RangeRelease {
  readonly deviceId: string;
  readonly range: string;
  readonly prefix: string;
}

/**
 * A device gives a range back (RFC 8772 §6.5's answers for what is not so).
 * @throws CasmError `pool-mismatch`, `subnet-mismatch`, `subnet-conflict`
 */
export async function releaseRange(work: Work, { deviceId, range, prefix }: RangeRelease): Promise<Allocation> {
  const allocation = await findAllocation(work.tx, range);
  if (allocation === undefined) throw new CasmError('pool-mismatch', `there is no range ${range}`);
  if (allocation.prefix !== formatPrefix(parsePrefix(prefix))) {
    throw new CasmError('subnet-mismatch', `range ${range} is not ${prefix}`, { prefix });
  }
  if (allocation.deviceId !== deviceId) throw new CasmError('subnet-conflict', `range ${range} belongs to another device`, { prefix });
  return releaseAllocation(work, { allocationId: range });
}
