/** The table of pool prefixes: what belongs to each pool, and to no sibling of it. */
import type { Family } from '../model/prefix.js';
import { prepared, rows, type Tx } from './sql.js';

export interface PoolPrefix {
  readonly prefix: string;
  readonly parentPrefix: string | null;
}

export async function insertPoolPrefixes(tx: Tx, pool: { id: string; spaceId: string; parentId: string | null }, prefixes: readonly PoolPrefix[]): Promise<void> {
  await rows(
    tx,
    `insert into pool_prefixes (pool_id, space_id, parent_id, prefix, parent_prefix)
     select $1, $2, $3, t.prefix, t.parent_prefix from unnest($4::cidr[], $5::cidr[]) as t (prefix, parent_prefix)`,
    [pool.id, pool.spaceId, pool.parentId, prefixes.map((p) => p.prefix), prefixes.map((p) => p.parentPrefix)],
  );
}

export async function poolPrefixes(tx: Tx, poolId: string): Promise<PoolPrefix[]> {
  return prepared<PoolPrefix>(tx, 'select prefix::text, parent_prefix::text as "parentPrefix" from pool_prefixes x where pool_id = $1 order by x.prefix', [poolId]);
}

/** Of the pool's prefixes: the first and the last of them say it, for IPv4 sorts before IPv6. */
export async function poolFamilies(tx: Tx, poolId: string): Promise<Family[]> {
  const found = await prepared<{ first: number | null; last: number | null }>(
    tx,
    `select (select family(prefix) from pool_prefixes where pool_id = $1 order by prefix limit 1) as first,
       (select family(prefix) from pool_prefixes where pool_id = $1 order by prefix desc limit 1) as last`,
    [poolId],
  );
  return [...new Set(found.flatMap(({ first, last }) => [first, last]))].flatMap((family) => (family === null ? [] : [family === 4 ? 'ipv4' : 'ipv6']));
}

export async function deletePoolPrefixes(tx: Tx, poolId: string, prefixes: readonly string[]): Promise<void> {
  await rows(tx, 'delete from pool_prefixes where pool_id = $1 and prefix = any($2::cidr[])', [poolId, prefixes]);
}

/** Root prefixes of a space that overlap any of these, with their pools. */
export async function overlappingRoots(tx: Tx, spaceId: string, prefixes: readonly string[]): Promise<{ asked: string; prefix: string; poolId: string }[]> {
  return rows(
    tx,
    `select t.prefix::text as asked, x.prefix::text, x.pool_id as "poolId"
     from unnest($2::cidr[]) as t (prefix) join pool_prefixes x on x.prefix && t.prefix and x.space_id = $1 and x.parent_id is null`,
    [spaceId, prefixes],
  );
}
