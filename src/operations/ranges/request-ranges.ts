import { countFreeBlocks } from '../../allocator/free-space.js';
import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { findDevice } from '../../storage/devices.js';
import { allocatePrefix } from '../allocations/allocate-prefix.js';
import { freeAllocations } from '../allocations/free-allocations.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';

export interface RangeRequest {
  readonly deviceId: string;
  readonly domain: string;
  readonly prefixLength?: number;
  readonly count?: number;
}

/**
 * A device asks for more in one of its domains: all of `count` ranges or none.
 * @throws CasmError `device-not-found`, `pool-mismatch` for a domain it does not have, and what allocatePrefix throws
 */
export async function requestRanges(work: Work, request: RangeRequest): Promise<Allocation[]> {
  const device = found(await findDevice(work.tx, request.deviceId), 'device', request.deviceId);
  const domain = device.domains.find((one) => one.name === request.domain);
  if (domain === undefined) {
    throw new CasmError('pool-mismatch', `${device.name} has no domain ${request.domain}`, { allowed: device.domains.map((one) => one.name) });
  }
  const { poolId, family, holder, service } = domain;
  const granted: Allocation[] = [];
  try {
    for (let at = 0; at < (request.count ?? 1); at += 1) {
      granted.push(await allocatePrefix(work, { poolId, family, prefixLength: request.prefixLength ?? domain.prefixLength, holder, service, deviceId: device.id }));
    }
  } catch (error) {
    throw error instanceof CasmError && error.code === 'pool-exhausted' && granted.length > 0 ? await exhausted(work, poolId, granted) : error;
  }
  return granted;
}

/** Says what is free when nothing of the request is granted, as nothing is. */
async function exhausted({ tx }: Work, poolId: string, granted: readonly Allocation[]): Promise<CasmError> {
  await freeAllocations(tx, poolId, granted.map((one) => one.id));
  return new CasmError('pool-exhausted', `the pool has room for ${granted.length} of them only`, { free: await countFreeBlocks(tx, [poolId]) });
}
