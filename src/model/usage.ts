/** What a pool's space is used for. Counts are exact and leave as decimal strings. */
import type { Family } from './prefix.js';

export interface FreeBlockCount {
  readonly family: Family;
  readonly prefixLength: number;
  readonly count: string;
}

export interface FamilyUsage {
  readonly family: Family;
  readonly total: string;
  readonly allocated: string;
  readonly held: string;
  readonly quarantined: string;
  readonly delegated: string;
  readonly free: string;
}

export interface PoolUsage {
  readonly poolId: string;
  readonly families: readonly FamilyUsage[];
  readonly freeBlocks: readonly FreeBlockCount[];
}
