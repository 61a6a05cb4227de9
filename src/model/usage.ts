/** What a pool's space is used for. Counts are exact and leave as decimal strings. */
import { familyBits, type Family } from './prefix.js';

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

/** How scattered what is free is. */
export interface Scatter {
  /** Of the largest free block; null when nothing is free. */
  readonly largestFreePrefixLength: number | null;
  /** 1 - largest free block / free space, to four digits; null when nothing is free. */
  readonly fragmentation: number | null;
}

/** @param blocks free blocks by length, of one family or of several. */
export function scatter(family: Family, blocks: readonly FreeBlockCount[]): Scatter {
  const own = blocks.filter((block) => block.family === family && BigInt(block.count) > 0n);
  if (own.length === 0) return { largestFreePrefixLength: null, fragmentation: null };
  const size = (length: number): bigint => 1n << BigInt(familyBits(family) - length);
  const shortest = Math.min(...own.map((block) => block.prefixLength));
  const free = own.reduce((sum, block) => sum + BigInt(block.count) * size(block.prefixLength), 0n);
  return { largestFreePrefixLength: shortest, fragmentation: share(free - size(shortest), free) };
}

/** A part of a whole, rounded to four digits. Exact until the last step: neither need fit a number. */
export function share(part: bigint, whole: bigint): number {
  return Number((20_000n * part + whole) / (2n * whole)) / 10_000;
}

export interface PoolUsage {
  readonly poolId: string;
  readonly families: readonly (FamilyUsage & Scatter)[];
  readonly freeBlocks: readonly FreeBlockCount[];
}
