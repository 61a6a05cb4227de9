/**
 * The gap search: takes prefixes out of a pool's stored free blocks and puts them back. The caller holds the pool's turn
 * (lockPool) and says what the space is for; nothing here knows of allocations, children or devices.
 */
import { familyBits, formatPrefix, parsePrefix, type Family, type Prefix } from '../model/prefix.js';
import type { FreeBlockCount } from '../model/usage.js';
import { later, oneRow, prepared, rows, type Tx } from '../storage/sql.js';
import { candidates } from './candidates.js';
import type { Random } from './choosers.js';
import { merge, possiblePartners } from './merging.js';
import type { FreeBlock } from './free-block.js';
import { placeByLength, placeExactly, type Ask, type Placed } from './placement.js';

interface BlockRow {
  prefix: string;
  poolPrefix: string;
}

export interface TakenPrefix {
  readonly prefix: string;
  readonly poolPrefix: string;
}

const toBlock = (found: BlockRow): FreeBlock => ({ prefix: parsePrefix(found.prefix), poolPrefix: found.poolPrefix });
const toTaken = (block: FreeBlock | undefined): TakenPrefix | undefined => block && { prefix: formatPrefix(block.prefix), poolPrefix: block.poolPrefix };

/** Takes one prefix an ask, each by its placement. Entries are undefined where nothing fitted; the others are taken. */
export async function takeByLength(tx: Tx, poolId: string, asks: readonly Ask[], random: Random = Math.random): Promise<(TakenPrefix | undefined)[]> {
  if (asks.length === 0) return [];
  const placed = placeByLength(await candidates(tx, poolId, asks, random), asks, random);
  write(tx, poolId, placed);
  return placed.taken.map(toTaken);
}

/** Takes exactly these prefixes. Entries are undefined where one is not wholly free; the others are taken. */
export async function takeExactly(tx: Tx, poolId: string, prefixes: readonly Prefix[]): Promise<(TakenPrefix | undefined)[]> {
  if (prefixes.length === 0) return [];
  const placed = placeExactly(await freeAround(tx, poolId, prefixes), prefixes);
  write(tx, poolId, placed);
  return placed.taken.map(toTaken);
}

/** Puts prefixes back and merges them with their free other halves. */
export async function giveBack(tx: Tx, poolId: string, returned: readonly TakenPrefix[]): Promise<void> {
  if (returned.length === 0) return;
  const blocks = returned.map(toBlock);
  const partners = await freeAmong(tx, poolId, possiblePartners(blocks).map(formatPrefix));
  const { removed, added } = merge(partners, blocks);
  write(tx, poolId, { consumed: removed, remainders: added });
}

/** Makes whole new pool prefixes free. */
export async function addFree(tx: Tx, poolId: string, poolPrefixes: readonly string[]): Promise<void> {
  await rows(tx, 'insert into free_blocks (pool_id, prefix, pool_prefix) select $1, p, p from unnest($2::cidr[]) as p', [poolId, poolPrefixes]);
}

/** Which of the pool's prefixes are wholly free. */
export async function whollyFree(tx: Tx, poolId: string, poolPrefixes: readonly string[]): Promise<string[]> {
  const found = await rows<{ prefix: string }>(tx, 'select prefix::text from free_blocks where pool_id = $1 and prefix = pool_prefix and prefix = any($2::cidr[])', [
    poolId,
    poolPrefixes,
  ]);
  return found.map((block) => block.prefix);
}

export async function countFreeBlocks(tx: Tx, poolIds: readonly string[]): Promise<FreeBlockCount[]> {
  return rows<FreeBlockCount>(
    tx,
    `select case family(prefix) when 4 then 'ipv4' else 'ipv6' end as family, masklen(prefix) as "prefixLength", count(*)::text as count
     from free_blocks where pool_id = any($1::uuid[]) group by family(prefix), masklen(prefix) order by family(prefix), masklen(prefix)`,
    [poolIds],
  );
}

/** Free prefixes of one length in the order best fit hands them out, and how many there are in all. */
export async function freePrefixes(tx: Tx, poolId: string, family: Family, length: number, limit: number): Promise<{ items: string[]; count: string }> {
  const version = Number(family.slice(3));
  const blocks = await rows<BlockRow>(
    tx,
    `select prefix::text, pool_prefix::text as "poolPrefix" from free_blocks b where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) >= 128 - $3::int
     order by 128 - masklen(b.prefix), b.prefix limit $4`,
    [poolId, version, length, limit],
  );
  const { count } = await oneRow<{ count: string }>(
    tx,
    `select trunc(coalesce(sum(power(2::numeric, $3::int - masklen(prefix))), 0))::text as count from free_blocks
     where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) >= 128 - $3::int`,
    [poolId, version, length],
  );
  const items: string[] = [];
  const step = 1n << BigInt(familyBits(family) - length);
  for (const { prefix } of blocks.map(toBlock)) {
    const many = 1n << BigInt(length - prefix.length);
    for (let i = 0n; i < many && items.length < limit; i += 1n) items.push(formatPrefix({ family, first: prefix.first + i * step, length }));
  }
  return { items, count };
}

/** Those of the pools, in the order given, with a free block that fits; undefined asks for any. A look, not a promise. */
export async function poolsWithRoom(tx: Tx, poolIds: readonly string[], family: Family | undefined, length: number | undefined): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select t.id from unnest($1::uuid[]) with ordinality as t (id, place) where exists (
       select from free_blocks b where b.pool_id = t.id and ($2::int is null or family(b.prefix) = $2) and 128 - masklen(b.prefix) >= 128 - $3::int)
     order by t.place`,
    [poolIds, family === undefined ? null : Number(family.slice(3)), length ?? 128],
  );
  return found.map((pool) => pool.id);
}

async function freeAmong(tx: Tx, poolId: string, prefixes: readonly string[]): Promise<FreeBlock[]> {
  const found = await prepared<BlockRow>(tx, 'select prefix::text, pool_prefix::text as "poolPrefix" from free_blocks where pool_id = $1 and prefix = any($2::cidr[])', [poolId, prefixes]);
  return found.map(toBlock);
}

/** The free blocks that contain the prefixes. Free blocks are disjoint: each is the last that begins at or before its prefix. */
async function freeAround(tx: Tx, poolId: string, prefixes: readonly Prefix[]): Promise<FreeBlock[]> {
  const found = await prepared<BlockRow>(
    tx,
    `select distinct b.prefix::text, b.pool_prefix::text as "poolPrefix" from unnest($2::cidr[]) as r (wanted), lateral (
       select prefix, pool_prefix from free_blocks where pool_id = $1 and prefix <= r.wanted order by prefix desc limit 1) b
     where b.prefix >>= r.wanted`,
    [poolId, prefixes.map(formatPrefix)],
  );
  return found.map(toBlock);
}

function write(tx: Tx, poolId: string, { consumed, remainders }: Pick<Placed, 'consumed' | 'remainders'>): void {
  if (consumed.length === 0 && remainders.length === 0) return;
  const change = prepared(
    tx,
    `with gone as (delete from free_blocks where pool_id = $1 and prefix = any($2::cidr[]))
     insert into free_blocks (pool_id, prefix, pool_prefix) select $1, t.prefix, t.pool_prefix from unnest($3::cidr[], $4::cidr[]) as t (prefix, pool_prefix)`,
    [poolId, consumed.map((block) => formatPrefix(block.prefix)), remainders.map((block) => formatPrefix(block.prefix)), remainders.map((block) => block.poolPrefix)],
  );
  later(tx, change);
}
