/**
 * A pool with so many siblings, each between two holes of its own size: written by sets, past the API, but so that what is
 * allocated and what is free tile the pool exactly, as fsck proves. The rows are copies of one that the API made.
 */
import type pg from 'pg';
import { coverRange, formatPrefix, parsePrefix, prefixLast } from '../src/model/prefix.js';
import type { BenchController } from './controller.js';
import type { RoundPool, Sibling } from './load/rounds.js';

export interface Fragmented {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly siblings: number;
  readonly placement: string;
}

/** The n-th block of the size, in SQL; together they fill the pool's prefix from its start. */
const shapes = {
  ipv4: { prefix: '10.0.0.0/8', length: 29, block: `set_masklen('10.0.0.0'::inet + n::bigint * 8, 29)::cidr` },
  ipv6: { prefix: '2001:db8::/32', length: 64, block: `('2001:db8:' || to_hex(n >> 16) || ':' || to_hex(n & 65535) || '::/64')::cidr` },
} as const;

export async function makeFragmentedPool(controller: BenchController, database: pg.Client, wanted: Fragmented): Promise<RoundPool> {
  const { name, family, siblings, placement } = wanted;
  const { prefix, length, block } = shapes[family];
  const space = await controller.create('/v1/spaces', { name });
  const policy = { allowSpecialPurpose: true };
  const pool = await controller.create('/v1/pools', { spaceId: space.id, name: 'root', prefixes: [prefix], policy });
  const first = await controller.create('/v1/allocations', { poolId: pool.id, family, prefixLength: length, holder: 'bench', service: 'internet' });
  const { rows } = await database.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_schema = current_schema() and table_name = 'allocations' and column_name not in ('id', 'prefix') and is_generated = 'NEVER'`,
  );
  const others = rows.map((column) => column.name).join(', ');
  const whole = parsePrefix(prefix);
  const used = BigInt(2 * siblings) << BigInt((family === 'ipv4' ? 32 : 128) - length);
  const rest = coverRange(family, whole.first + used, prefixLast(whole)).map(formatPrefix);
  await database.query('begin');
  // Each foreign key would be looked up a million times to find the same row. The constraint that forbids overlap stays.
  await database.query('set local session_replication_role = replica');
  await database.query(
    `insert into allocations (id, prefix, ${others}) select gen_random_uuid(), ${block}, ${others}
     from allocations, generate_series(2, $2::int, 2) as n where id = $1`,
    [first.id, 2 * siblings - 2],
  );
  await database.query('delete from free_blocks where pool_id = $1', [pool.id]);
  await database.query(
    `insert into free_blocks (pool_id, prefix, pool_prefix)
     select $1::uuid, ${block}, $3::cidr from generate_series(1, $2::int, 2) as n union all select $1::uuid, p, $3::cidr from unnest($4::cidr[]) as p`,
    [pool.id, 2 * siblings - 1, prefix, rest],
  );
  await database.query('commit');
  return { name, poolId: pool.id, family, prefixLength: length, placement, siblings: await siblingsOf(database, pool.id, siblings) };
}

/** At most a thousand, from all over the pool, and not in order of address. @param siblings how many there are */
export async function siblingsOf(database: pg.Client, poolId: string, siblings: number): Promise<Sibling[]> {
  const { rows } = await database.query<Sibling>(
    `select id, prefix::text from (select id, prefix, row_number() over (order by prefix) as n from allocations where pool_id = $1) a
     where n % $2::int = 0 order by n * 7919 % $3::int`,
    [poolId, Math.max(1, Math.floor(siblings / 1000)), siblings + 1],
  );
  return rows;
}
