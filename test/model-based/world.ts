/**
 * What the controller should hold, as plainly as it can be said: pools, what was taken from them, who may have how much, who
 * waits, and what devices were told. Free space is nowhere kept; it is found anew each time, address by address, as what
 * neither a child nor an allocation has. Nor is what a holder has used: it is what it has.
 */
import type { AllocationRequest, AllocationState } from '../../src/model/allocation.js';
import type { Placement } from '../../src/model/pool.js';
import { comparePrefixes, contains, formatPrefix, overlaps, type Family, type Prefix } from '../../src/model/prefix.js';
import type { WaitingState } from '../../src/model/waiting-request.js';
import { NaiveSpace } from '../allocator/naive-space.js';

export interface PoolThere {
  readonly id: string;
  readonly spaceId: string;
  readonly parentId: string | null;
  readonly prefixes: readonly Prefix[];
  readonly placement: Placement;
  readonly quarantineSeconds: number;
  /** How many addresses of each family may rest. */
  readonly cap: number | null;
}

export interface Taken {
  readonly poolId: string;
  readonly prefix: Prefix;
  readonly holder: string;
  readonly state: Exclude<AllocationState, 'free'>;
  /** The end of a hold, a lifetime or a quarantine, in milliseconds. */
  readonly until: number | null;
  /** For what rests: the request that sent it there. */
  readonly restsSince: number;
  /** The device that uses it. */
  readonly byDevice: Told | null;
  /** The parent CA that certifies it; told nothing yet of what the device has to let go of first. */
  readonly byParentCa: Told | null;
}

/** In which revision the one who serves an allocation learns of its last change. */
export interface Told {
  readonly deviceId: string;
  readonly revision: number | null;
}

/** A change of this moment: in which revision it travels is the controller's to say. */
export const newest = Infinity;

export interface DeviceThere {
  readonly spaceId: string;
  readonly parentCa: boolean;
  readonly wanted: number;
  readonly applied: number;
  /** The documents it was given, by revision: what was in them. */
  readonly given: ReadonlyMap<number, string>;
}

export interface QuotaThere {
  readonly holder: string;
  /** Null: all spaces together. */
  readonly spaceId: string | null;
  readonly most: Readonly<Record<Family, number | null>>;
  readonly mostAtOnce: Readonly<Record<Family, number | null>>;
}

export interface Waiting {
  readonly poolIds: readonly string[];
  readonly priority: number;
  readonly request: AllocationRequest;
  /** What nobody else is given while it is the first. */
  readonly kept: Prefix | null;
  readonly until: number;
}

export class World {
  readonly pools = new Map<string, PoolThere>();
  readonly taken = new Map<string, Taken>();
  readonly devices = new Map<string, DeviceThere>();
  readonly quotas = new Map<string, QuotaThere>();
  /** In the order of their arrival. */
  readonly waiting = new Map<string, Waiting>();
  /** How waiting ended. */
  readonly waited = new Map<string, Exclude<WaitingState, 'waiting'>>();
  /** Ids of what there was once. */
  readonly gone: string[] = [];
  /** How many requests have been made. */
  turn = 0;

  constructor(
    readonly spaceIds: readonly string[],
    public clock: number,
  ) {}

  clone(): World {
    const copy = new World(this.spaceIds, this.clock);
    for (const what of ['pools', 'taken', 'devices', 'quotas', 'waiting', 'waited'] as const) for (const [id, one] of this[what]) (copy[what] as Map<string, unknown>).set(id, one);
    copy.gone.push(...this.gone);
    copy.turn = this.turn;
    return copy;
  }

  childrenOf(poolId: string): PoolThere[] {
    return [...this.pools.values()].filter((pool) => pool.parentId === poolId);
  }

  /** Those that are there, in the order stated. */
  poolsAmong(ids: readonly string[] = []): string[] {
    return [...new Set(ids)].filter((id) => this.pools.has(id));
  }

  takenFrom(poolId: string): Taken[] {
    return [...this.taken.values()].filter((taken) => taken.poolId === poolId);
  }

  /** @throws Error when two have the same address, or one has what is not the pool's: the world itself is wrong then. */
  room({ id, prefixes }: PoolThere): NaiveSpace {
    const room = new NaiveSpace(prefixes);
    for (const { prefix } of this.takenFrom(id)) room.take(prefix);
    for (const child of this.childrenOf(id)) for (const prefix of child.prefixes) room.take(prefix);
    return room;
  }

  freeBlocks(): string[] {
    return [...this.pools.values()].flatMap((pool) => this.room(pool).blocks().map((block) => `${pool.id} ${formatPrefix(block)}`)).sort();
  }

  allocations(): string[] {
    return [...this.taken].map(([id, { poolId, prefix, state }]) => `${id} ${poolId} ${formatPrefix(prefix)} ${state}`).sort();
  }

  rootsOverlapping(spaceId: string, prefix: Prefix): PoolThere[] {
    return [...this.pools.values()].filter((pool) => pool.parentId === null && pool.spaceId === spaceId && pool.prefixes.some((one) => overlaps(one, prefix)));
  }

  free(id: string): void {
    if (this.taken.delete(id)) this.gone.push(id);
  }

  /** Changes an allocation that is there. */
  change(id: string, change: Partial<Taken>): void {
    const taken = this.taken.get(id);
    if (taken !== undefined) this.taken.set(id, { ...taken, ...change });
  }
}

export const sorted = (prefixes: readonly Prefix[]): Prefix[] => prefixes.toSorted(comparePrefixes);
export const liesIn = (prefixes: readonly Prefix[], inner: Prefix): boolean => prefixes.some((outer) => contains(outer, inner));
