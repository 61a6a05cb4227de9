/** A prefix in use: by which holder, for which service, on which device, until when. */
import type { Placement } from './pool.js';
import type { Family } from './prefix.js';
import type { Labels } from './space.js';
import type { Wait } from './wait.js';

/** Evidence that is still to come. `idle`: the device's report that nothing is assigned any more. */
export type Awaited = 'device' | 'idle' | 'certificate' | 'quarantine';

/** `free` is only ever an answer: a free allocation is no allocation any more. */
export type AllocationState = 'reserved' | 'provisioning' | 'active' | 'draining' | 'drained' | 'withdrawing' | 'quarantined' | 'free';

/** Pools that have all of it; in the order of `poolIds`, else by name. */
export interface PoolSelector {
  readonly spaceId?: string;
  readonly poolIds?: readonly string[];
  readonly labels?: Labels;
}

export interface AllocationRequest {
  readonly poolId?: string;
  readonly poolSelector?: PoolSelector;
  /** Take what this hold keeps. */
  readonly holdId?: string;
  readonly family?: Family;
  readonly prefixLength?: number;
  readonly prefix?: string;
  readonly allowedPrefixes?: readonly string[];
  readonly disallowedPrefixes?: readonly string[];
  /** Instead of the pool's. */
  readonly placement?: Placement;
  readonly holder: string;
  readonly service: string;
  readonly deviceId?: string;
  readonly certify?: boolean;
  readonly originAs?: number;
  readonly validUntil?: string;
  readonly labels?: Labels;
  /** Instead of being refused for want of space. */
  readonly wait?: Wait;
}

export interface Allocation {
  readonly id: string;
  readonly spaceId: string;
  readonly poolId: string;
  readonly prefix: string;
  readonly family: Family;
  readonly state: AllocationState;
  readonly waitingFor: readonly Awaited[];
  readonly holder: string;
  readonly service: string;
  readonly deviceId: string | null;
  readonly rpkiDeviceId: string | null;
  readonly certification: 'none' | 'requested' | 'issued';
  readonly originAs: number | null;
  readonly labels: Labels;
  readonly validUntil: string | null;
  readonly quarantinedUntil: string | null;
  readonly version: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly request: AllocationRequest;
}
