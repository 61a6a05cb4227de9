/**
 * What the controller should hold, as plainly as it can be said: pools, and what was taken from them. Free space is nowhere
 * kept; it is found anew each time, address by address, as what neither a child nor an allocation has.
 */
import type { Placement } from '../../src/model/pool.js';
import { comparePrefixes, contains, formatPrefix, overlaps, type Prefix } from '../../src/model/prefix.js';
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
  readonly state: 'reserved' | 'active' | 'drained' | 'quarantined';
  /** The end of a hold, a lifetime or a quarantine, in milliseconds. */
  readonly until: number | null;
  /** For what rests: the request that sent it there. */
  readonly restsSince: number;
}

export class World {
  readonly pools = new Map<string, PoolThere>();
  readonly taken = new Map<string, Taken>();
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
    for (const [id, pool] of this.pools) copy.pools.set(id, pool);
    for (const [id, taken] of this.taken) copy.taken.set(id, taken);
    copy.gone.push(...this.gone);
    copy.turn = this.turn;
    return copy;
  }

  childrenOf(poolId: string): PoolThere[] {
    return [...this.pools.values()].filter((pool) => pool.parentId === poolId);
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
}

export const sorted = (prefixes: readonly Prefix[]): Prefix[] => prefixes.toSorted(comparePrefixes);
export const liesIn = (prefixes: readonly Prefix[], inner: Prefix): boolean => prefixes.some((outer) => contains(outer, inner));
