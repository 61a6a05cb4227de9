/** A state that an allocation was in, and how long: from validFrom on, and no longer at validTo. */
import type { AllocationState } from './allocation.js';
import type { Actor } from './audit.js';

export interface Change {
  readonly operation: string;
  readonly requestId: string;
  readonly actor: Actor;
}

export interface HistoryState {
  /** Of the audit entry that began it. */
  readonly id: string;
  readonly allocationId: string;
  readonly spaceId: string;
  readonly poolId: string;
  readonly prefix: string;
  readonly state: Exclude<AllocationState, 'free'>;
  readonly holder: string;
  readonly service: string;
  readonly deviceId: string | null;
  readonly validFrom: string;
  /** Null while it lasts. */
  readonly validTo: string | null;
  readonly begunBy: Change;
  readonly endedBy: Change | null;
}
