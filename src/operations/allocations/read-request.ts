/** What one request asks of one pool, checked against the pool's policy and the clock before anything is taken. */
import type { Ask } from '../../allocator/placement.js';
import { regionOf } from '../../allocator/region.js';
import type { AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { lengthToAllocate } from '../../model/pool.js';
import { overlaps, parsePrefix, type Prefix } from '../../model/prefix.js';
import type { PoolTurn } from '../../storage/pools.js';
import { familyOf } from '../pools/family-of.js';
import { requireOpen } from '../pools/require-open.js';
import type { Work } from '../work.js';

/** One exact prefix, any of a length, or what a hold keeps. */
export type Wanted = { readonly exact: Prefix } | { readonly ask: Ask } | { readonly hold: string };

/**
 * @param spared what is not to be touched
 * @throws CasmError `pool-retiring`, `invalid-request`, `invalid-prefix`, `length-not-allowed`, `prefix-not-free` for what is spared
 */
export function readRequest(work: Work, pool: PoolTurn, request: AllocationRequest, spared?: string): Wanted {
  if (work.restores !== true) requireOpen(pool);
  if (request.validUntil !== undefined && !(new Date(request.validUntil) > work.now)) {
    throw new CasmError('invalid-request', `validUntil ${request.validUntil} is not in the future`, { errors: [{ in: 'body', pointer: '/validUntil', detail: 'must be in the future' }] });
  }
  if (request.holdId !== undefined) return { hold: request.holdId };
  if (request.prefix !== undefined) {
    const exact = parsePrefix(request.prefix);
    if (request.family !== undefined && request.family !== exact.family) {
      throw new CasmError('invalid-request', `${request.prefix} is no ${request.family} prefix`, { errors: [{ in: 'body', pointer: '/family', detail: `must be ${exact.family}, or left out` }] });
    }
    lengthToAllocate(pool.policy, exact.family, exact.length);
    if (spared !== undefined && overlaps(parsePrefix(spared), exact)) {
      throw new CasmError('prefix-not-free', `${spared} is kept for a request that waits for it`, { prefix: request.prefix, conflicts: [spared] });
    }
    return { exact };
  }
  const family = familyOf(request.family, pool.families);
  const length = lengthToAllocate(pool.policy, family, request.prefixLength);
  const disallowed = spared === undefined ? request.disallowedPrefixes : [...(request.disallowedPrefixes ?? []), spared];
  const region = regionOf(family, length, request.allowedPrefixes?.map(parsePrefix), disallowed?.map(parsePrefix));
  return { ask: { family, length, placement: request.placement ?? pool.policy.placement, region } };
}
