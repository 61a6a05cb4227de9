/**
 * Which free blocks a placement needs to see: a handful by index probes, whatever the number of blocks. With as many of a
 * kind as there are asks, none is missed even when each ask consumes a block of its own.
 */
import type { Placement } from '../model/pool.js';
import { familyBits, formatAddress, formatPrefix, parsePrefix, type Prefix } from '../model/prefix.js';
import { prepared, type Tx } from '../storage/sql.js';
import type { Random } from './choosers.js';
import type { FreeBlock } from './free-block.js';
import { kindOf, type Ask } from './placement.js';
import type { Region } from './region.js';

interface BlockRow {
  readonly prefix: string;
  readonly poolPrefix: string;
}

/** How many of the largest blocks sparse placement compares: more than that are equally good to a reader. */
const sparseBreadth = 256;

const columns = `b.prefix::text, b.pool_prefix::text as "poolPrefix"`;

/** One probe a size: the k lowest, or highest, blocks of each. */
const ofEachSize = (order: string, condition = 'true'): string => `
  select ${columns} from generate_series(128 - $3::int, 128) as s (size), lateral (
    select prefix, pool_prefix from free_blocks where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) = s.size and ${condition}
    order by prefix ${order} limit $4) b`;

const queries: Readonly<Record<Placement, string>> = {
  'best-fit': `
    select ${columns} from free_blocks b where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) >= 128 - $3::int
    order by 128 - masklen(b.prefix), b.prefix limit $4`,
  first: ofEachSize('asc'),
  last: ofEachSize('desc'),
  // Size by size: sorting all that fit would read each of them.
  sparse: `
    select ${columns} from generate_series(128 - $3::int, 128) as s (size), lateral (
      select prefix, pool_prefix from free_blocks where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) = s.size
      order by prefix limit greatest($4::int, ${sparseBreadth})) b
    order by s.size desc, b.prefix limit greatest($4::int, ${sparseBreadth})`,
  // Around a random address, and from the start in case nothing follows it.
  random: `${ofEachSize('asc', 'prefix >= $5::cidr')} union ${ofEachSize('asc')}`,
};

/**
 * The same within a region: for each of its pieces the block around it, the last that begins at or before it, since free
 * blocks are disjoint; and one probe a size for those inside. The number of blocks does not count here either.
 */
const inRegion = (order: string, condition = 'true'): string => `
  select ${columns} from unnest($4::cidr[]) as r (piece), lateral (
    select prefix, pool_prefix from free_blocks where pool_id = $1 and prefix <= r.piece order by prefix desc limit 1) b
  where b.prefix >>= r.piece
  union
  select ${columns} from unnest($4::cidr[], $5::cidr[]) as r (piece, start), generate_series(masklen(r.piece) + 1, $2::int) as s (length), lateral (
    select prefix, pool_prefix from free_blocks where pool_id = $1 and family(prefix) = family(r.piece) and 128 - masklen(prefix) = 128 - s.length
      and prefix > r.piece and prefix <= set_masklen(broadcast(r.piece), case family(r.piece) when 4 then 32 else 128 end)::cidr and ${condition}
    order by prefix ${order} limit $3) b`;

const queriesInRegion: Readonly<Record<Placement, string>> = {
  'best-fit': inRegion('asc'),
  first: inRegion('asc'),
  last: inRegion('desc'),
  sparse: inRegion('asc'),
  random: `${inRegion('asc', 'prefix >= r.start')} union ${inRegion('asc')}`,
};

/** Candidates for each kind of ask, together and without repetition. */
export async function candidates(tx: Tx, poolId: string, asks: readonly Ask[], random: Random): Promise<FreeBlock[]> {
  const kinds = new Map(asks.map((ask) => [kindOf(ask), ask]));
  const found = new Map<string, FreeBlock>();
  for (const ask of kinds.values()) {
    const rowsOf = ask.region === undefined ? anywhere(tx, poolId, ask, asks.length, random) : within(tx, poolId, ask, ask.region, asks.length, random);
    for (const row of await rowsOf) found.set(row.prefix, { prefix: parsePrefix(row.prefix), poolPrefix: row.poolPrefix });
  }
  return [...found.values()];
}

async function anywhere(tx: Tx, poolId: string, { placement = 'best-fit', family, length }: Ask, limit: number, random: Random): Promise<BlockRow[]> {
  const parameters: unknown[] = [poolId, Number(family.slice(3)), length, limit];
  if (placement === 'random') parameters.push(randomAddress({ family, first: 0n, length: 0 }, random));
  return prepared<BlockRow>(tx, queries[placement], parameters);
}

async function within(tx: Tx, poolId: string, { placement = 'best-fit', length }: Ask, region: Region, asks: number, random: Random): Promise<BlockRow[]> {
  const limit = placement === 'sparse' ? Math.max(asks, sparseBreadth) : asks;
  const starts = region.map((piece) => (placement === 'random' ? randomAddress(piece, random) : formatPrefix(piece)));
  return prepared<BlockRow>(tx, queriesInRegion[placement], [poolId, length, limit, region.map(formatPrefix), starts]);
}

/** Somewhere in the prefix. */
function randomAddress({ family, first, length }: Prefix, random: Random): string {
  const bits = familyBits(family);
  let offset = 0n;
  for (let bit = 0; bit < bits; bit += 16) offset = (offset << 16n) | BigInt(Math.floor(random() * 0x10000));
  return formatAddress(family, first + (offset & ((1n << BigInt(bits - length)) - 1n)));
}
