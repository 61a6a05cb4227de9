/**
 * The leases of one server, by address. A lease whose time is over is reclaimed (it stays, as a memory) and dropped an
 * hour later, as Kea does; the clock is looked at when somebody asks.
 */
import type { JsonObject } from './kea-json.js';

/** States as in Kea: assigned, declined by a client, ended and reclaimed. */
export const leaseState = { assigned: 0, declined: 1, reclaimed: 2 } as const;
const holdReclaimedSeconds = 3600;

export interface StoredLease {
  readonly address: bigint;
  readonly subnetId: number;
  /** Seconds since 1970 of the last word of the client, and how long it counts from there. */
  readonly clientLastSeen: number;
  readonly validSeconds: number;
  readonly state: number;
  readonly delegated: boolean;
  /** What the control channel shows besides. */
  readonly shown: JsonObject;
}

export class LeaseStore {
  private readonly leases = new Map<bigint, StoredLease>();

  constructor(
    private readonly now: () => Date,
    stored: readonly StoredLease[] = [],
  ) {
    for (const lease of stored) this.leases.set(lease.address, lease);
  }

  get(address: bigint): StoredLease | undefined {
    this.reclaim();
    return this.leases.get(address);
  }

  set(lease: StoredLease): void {
    this.leases.set(lease.address, lease);
  }

  delete(address: bigint): boolean {
    return this.leases.delete(address);
  }

  /** In order of address. */
  all(): StoredLease[] {
    this.reclaim();
    return [...this.leases.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  private reclaim(): void {
    const seconds = this.now().getTime() / 1000;
    for (const lease of this.leases.values()) {
      const ends = lease.clientLastSeen + lease.validSeconds;
      if (seconds >= ends + holdReclaimedSeconds) this.leases.delete(lease.address);
      else if (seconds >= ends && lease.state !== leaseState.reclaimed) this.leases.set(lease.address, { ...lease, state: leaseState.reclaimed });
    }
  }
}
