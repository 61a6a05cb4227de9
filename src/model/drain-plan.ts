/** The drain plan: what would have to be drained so that whole blocks of one length become free. Counts are decimal strings. */
import type { AllocationState } from './allocation.js';
import type { Family } from './prefix.js';

export interface PlannedAllocation {
  readonly id: string;
  readonly prefix: string;
  readonly state: AllocationState;
  readonly holder: string;
  readonly deviceId: string | null;
  /** What its device's latest report says is assigned; null when none says. */
  readonly leases: string | null;
}

export interface DrainCandidate {
  readonly prefix: string;
  readonly leases: string;
  /** How many allocations in use no report speaks of. */
  readonly unreported: number;
  readonly affectedAddresses: string;
  readonly freeShare: number;
  readonly allocationCount: number;
  readonly allocations: readonly PlannedAllocation[];
}

export interface DrainPlan {
  readonly poolId: string;
  readonly family: Family;
  readonly prefixLength: number;
  readonly free: string;
  readonly candidates: readonly DrainCandidate[];
}
