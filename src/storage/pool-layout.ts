/** Gives prefixes of pools to other pools, cut or joined, with everything that lies in them. Free blocks are the caller's. */
import { rows, type Tx } from './sql.js';

export interface PoolPlace {
  readonly poolId: string;
  readonly prefix: string;
}

/** A pool prefix as it is to be. */
export interface Tile extends PoolPlace {
  /** The prefix of the parent it is a part of; null for a root. */
  readonly parentPrefix: string | null;
}

const from = '(select * from unnest($1::uuid[], $2::cidr[]) as t (pool_id, prefix))';
const to = '(select * from unnest($3::uuid[], $4::cidr[]) as t (pool_id, prefix))';
const places = (all: readonly PoolPlace[]): unknown[] => [all.map((one) => one.poolId), all.map((one) => one.prefix)];

/** Foreign keys wait while the work runs, and are checked at its end. */
export async function whileKeysWait<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  const keys = 'allocations_pool_prefix, pool_prefixes_parent, free_blocks_pool_prefix';
  await rows(tx, `set constraints ${keys} deferred`);
  const done = await work();
  await rows(tx, `set constraints ${keys} immediate`);
  return done;
}

/** Allocations and child pools in the old prefixes that lie in none of the new ones whole: what a cut would go through. */
export async function cutThrough(tx: Tx, old: readonly PoolPlace[], tiles: readonly PoolPlace[]): Promise<string[]> {
  const found = await rows<{ prefix: string }>(
    tx,
    `with inside as (
       select a.prefix from allocations a join ${from} f on a.pool_id = f.pool_id and a.pool_prefix = f.prefix
       union all select c.prefix from pool_prefixes c join ${from} f on c.parent_id = f.pool_id and c.parent_prefix = f.prefix)
     select i.prefix::text from inside i where not exists (select from ${to} t where i.prefix <<= t.prefix) order by i.prefix limit 20`,
    [...places(old), ...places(tiles)],
  );
  return found.map((one) => one.prefix);
}

export async function freeBlocksIn(tx: Tx, old: readonly PoolPlace[]): Promise<string[]> {
  const found = await rows<{ prefix: string }>(tx, `select b.prefix::text from free_blocks b join ${from} f on b.pool_id = f.pool_id and b.pool_prefix = f.prefix`, places(old));
  return found.map((block) => block.prefix);
}

export async function insertFreeBlocks(tx: Tx, blocks: readonly { poolId: string; prefix: string; poolPrefix: string }[]): Promise<void> {
  await rows(tx, 'insert into free_blocks (pool_id, prefix, pool_prefix) select * from unnest($1::uuid[], $2::cidr[], $3::cidr[])', [...places(blocks), blocks.map((block) => block.poolPrefix)]);
}

/** Takes the turns of all allocations and holds in the old prefixes, by id as everyone does. @returns their ids */
export async function lockInside(tx: Tx, old: readonly PoolPlace[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select a.id from allocations a join ${from} f on a.pool_id = f.pool_id and a.pool_prefix = f.prefix order by a.id for no key update of a`,
    places(old),
  );
  return found.map((allocation) => allocation.id);
}

/** Child pools with prefixes in the old ones. */
export async function childrenInside(tx: Tx, old: readonly PoolPlace[]): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, `select distinct c.pool_id as id from pool_prefixes c join ${from} f on c.parent_id = f.pool_id and c.parent_prefix = f.prefix order by 1`, places(old));
  return found.map((child) => child.id);
}

/** Ids of the allocations, holds among them, and of the child pools, that are in another pool now. */
export interface Moved {
  readonly allocations: readonly string[];
  readonly pools: readonly string[];
}

/**
 * Replaces prefixes of sibling pools by tiles of the same space; what lies in them goes along. Foreign keys wait meanwhile,
 * and the free blocks in the old prefixes are gone afterwards. The caller holds the turns of all these pools.
 */
export async function replacePrefixes(tx: Tx, pool: { spaceId: string; parentId: string | null }, old: readonly PoolPlace[], tiles: readonly Tile[]): Promise<Moved> {
  const ends = [...places(old), ...places(tiles)];
  await rows(tx, `delete from pool_prefixes p using ${from} f where p.pool_id = f.pool_id and p.prefix = f.prefix`, places(old));
  await rows(
    tx,
    `insert into pool_prefixes (pool_id, prefix, space_id, parent_id, parent_prefix) select t.pool_id, t.prefix, $1, $2, t.parent_prefix from unnest($3::uuid[], $4::cidr[], $5::cidr[]) as t (pool_id, prefix, parent_prefix)`,
    [pool.spaceId, pool.parentId, ...places(tiles), tiles.map((tile) => tile.parentPrefix)],
  );
  const allocations = await rows<{ id: string; moved: boolean }>(
    tx,
    `update allocations a set pool_id = t.pool_id, pool_prefix = t.prefix, version = a.version + (t.pool_id <> f.pool_id)::int,
       updated_at = case when t.pool_id <> f.pool_id then now() else a.updated_at end
     from ${from} f, ${to} t where a.space_id = $5 and a.pool_id = f.pool_id and a.pool_prefix = f.prefix and a.prefix <<= t.prefix returning a.id, t.pool_id <> f.pool_id as moved`,
    [...ends, pool.spaceId],
  );
  await rows(
    tx,
    `update pool_prefixes c set parent_id = t.pool_id, parent_prefix = t.prefix
     from ${from} f, ${to} t where c.parent_id = f.pool_id and c.parent_prefix = f.prefix and c.prefix <<= t.prefix`,
    ends,
  );
  const pools = await rows<{ id: string }>(
    tx,
    `update pools p set parent_id = c.parent_id, version = p.version + 1 from (select distinct pool_id, parent_id from pool_prefixes where parent_id = any($1::uuid[])) c
     where p.id = c.pool_id and p.parent_id is distinct from c.parent_id returning p.id`,
    [tiles.map((tile) => tile.poolId)],
  );
  return { allocations: allocations.flatMap(({ id, moved }) => (moved ? [id] : [])), pools: pools.map(({ id }) => id) };
}

/** Child pools that would end up in two pools. */
export async function tornChildren(tx: Tx, old: readonly PoolPlace[], tiles: readonly PoolPlace[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select c.pool_id as id from pool_prefixes c join ${from} f on c.parent_id = f.pool_id
       left join ${to} t on c.prefix <<= t.prefix group by c.pool_id having count(distinct coalesce(t.pool_id, c.parent_id)) > 1 order by 1 limit 20`,
    [...places(old), ...places(tiles)],
  );
  return found.map((child) => child.id);
}
