/**
 * Where a request may be served: the allowed prefixes less the disallowed ones. A free block counts for it by its parts that
 * lie there; free blocks and regions are both maximal, and so are the parts. Pure.
 */
import { aggregate, contains, overlaps, parsePrefix, prefixLast, subtract, type Family, type Prefix } from '../model/prefix.js';
import type { FreeBlock } from './free-block.js';

/** Disjoint, maximal and sorted. */
export type Region = readonly Prefix[];

/** A part of a free block, to be chosen in its place. */
export interface Part extends FreeBlock {
  readonly whole: FreeBlock;
}

const everywhere: Readonly<Record<Family, Prefix>> = { ipv4: parsePrefix('0.0.0.0/0'), ipv6: parsePrefix('::/0') };

/**
 * @param length pieces too small for a prefix of this length are left out.
 * @returns undefined when nothing is said, which means everywhere.
 */
export function regionOf(family: Family, length: number, allowed: readonly Prefix[] | undefined, disallowed: readonly Prefix[] = []): Region | undefined {
  if (allowed === undefined && disallowed.length === 0) return undefined;
  const ours = ({ family: its }: Prefix): boolean => its === family;
  let pieces = allowed === undefined ? [everywhere[family]] : aggregate(allowed.filter(ours));
  for (const hole of aggregate(disallowed.filter(ours))) {
    pieces = pieces.flatMap((piece) => (!overlaps(piece, hole) ? [piece] : contains(hole, piece) ? [] : subtract(piece, hole)));
  }
  return pieces.filter((piece) => piece.length <= length);
}

/** The parts of a free block that lie in the region and hold a prefix of that length. */
export function partsOf(whole: FreeBlock, region: Region | undefined, length: number): Part[] {
  if (region === undefined) return whole.prefix.length > length ? [] : [{ ...whole, whole }];
  const parts: Part[] = [];
  const last = prefixLast(whole.prefix);
  // The piece that begins at or before the block may contain it; those that begin inside are parts of it.
  for (let at = Math.max(0, following(region, whole.prefix.first) - 1); at < region.length; at += 1) {
    const piece = region[at] as Prefix;
    if (piece.first > last) break;
    if (!overlaps(piece, whole.prefix)) continue;
    const prefix = piece.length > whole.prefix.length ? piece : whole.prefix;
    if (prefix.length <= length) parts.push({ prefix, poolPrefix: whole.poolPrefix, whole });
  }
  return parts;
}

/** How many pieces begin at or before the address: by bisection. */
function following(region: Region, address: bigint): number {
  let [low, high] = [0, region.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((region[middle] as Prefix).first <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
