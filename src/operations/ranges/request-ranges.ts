import { countFreeBlocks } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { Wait } from '../../model/wait.js';
import type { WaitingRequest } from '../../model/waiting-request.js';
import { findDevice } from '../../storage/devices.js';
import { allocateFromPool } from '../allocations/allocate-from-pool.js';
import { freeAllocations } from '../allocations/free-allocations.js';
import { found } from '../not-found.js';
import { waitForSpace } from '../waiting/wait-for-space.js';
import type { Work } from '../work.js';

export interface RangeRequest {
  readonly deviceId: string;
  readonly domain: string;
  readonly prefixLength?: number;
  readonly count?: number;
  readonly wait?: Wait;
}

export interface RangeAnswer {
  readonly granted: readonly Allocation[];
  readonly waiting: readonly WaitingRequest[];
}

/**
 * A device asks for more in one of its domains: all of `count` ranges or none, unless it would wait for what is not to be had.
 * @throws CasmError `device-not-found`, `pool-mismatch` for a domain it does not have, and what allocatePrefix throws
 */
export async function requestRanges(work: Work, request: RangeRequest): Promise<RangeAnswer> {
  const { count = 1, wait } = request;
  const device = found(await findDevice(work.tx, request.deviceId), 'device', request.deviceId);
  const domain = device.domains.find((one) => one.name === request.domain);
  if (domain === undefined) {
    throw new CasmError('pool-mismatch', `${device.name} has no domain ${request.domain}`, { allowed: device.domains.map((one) => one.name) });
  }
  const { poolId, family, holder, service } = domain;
  const input: AllocationRequest = { poolId, family, prefixLength: request.prefixLength ?? domain.prefixLength, holder, service, deviceId: device.id, ...(wait && { wait }) };
  const outcomes = await allocateFromPool(poolId, Array.from({ length: count }, () => ({ work, input })));
  const granted = outcomes.flatMap((outcome) => (outcome instanceof CasmError ? [] : [outcome]));
  const waiting: WaitingRequest[] = [];
  for (const refusal of outcomes) {
    if (!(refusal instanceof CasmError)) continue;
    const place = await waitForSpace(work, input, [poolId], refusal);
    if (place instanceof CasmError) throw place.code === 'pool-exhausted' && granted.length > 0 ? await exhausted(work, poolId, granted) : place;
    waiting.push(place);
  }
  return { granted, waiting };
}

/** Says what is free when nothing of the request is granted, as nothing is. */
async function exhausted({ tx }: Work, poolId: string, granted: readonly Allocation[]): Promise<CasmError> {
  await freeAllocations(tx, poolId, granted.map((one) => one.id));
  return new CasmError('pool-exhausted', `the pool has room for ${granted.length} of them only`, { free: await countFreeBlocks(tx, [poolId]) });
}
