/** A prefix kept for one caller for a while, so that what was previewed can be had. Not an allocation yet. */
import type { Allocation, AllocationRequest } from './allocation.js';
import type { Family } from './prefix.js';

export interface HoldRequest extends Pick<AllocationRequest, 'poolId' | 'poolSelector' | 'family' | 'prefixLength' | 'prefix' | 'allowedPrefixes' | 'disallowedPrefixes' | 'placement' | 'holder'> {
  /** How long; 300 unless said otherwise. */
  readonly seconds?: number;
}

export interface Hold {
  readonly id: string;
  readonly spaceId: string;
  readonly poolId: string;
  readonly prefix: string;
  readonly family: Family;
  readonly holder: string;
  readonly expiresAt: string;
  readonly createdAt: string;
}

/** @param kept an allocation in the state `reserved`, which has an end. */
export function holdOf({ id, spaceId, poolId, prefix, family, holder, validUntil, createdAt }: Allocation): Hold {
  if (validUntil === null) throw new Error(`what holds ${prefix} has no end`);
  return { id, spaceId, poolId, prefix, family, holder, expiresAt: validUntil, createdAt };
}
