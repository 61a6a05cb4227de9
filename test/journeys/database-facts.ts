/** What is in the database, by SQL of the tests' own: facts to hold the controller's promises against. */
import type { TestDatabase } from '../support/database.js';

/** Every pool, every prefix of a pool and every free block, a line each: the tree with all its free space. */
export async function treeLines(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select format('pool %s %s version %s', id, name, version) as line from pools
     union all select format('prefix %s of %s in %s of %s', prefix, pool_id, parent_prefix, parent_id) from pool_prefixes
     union all select format('free %s of %s in %s', prefix, pool_prefix, pool_id) from free_blocks order by 1`,
  );
  return rows.map((row) => row.line);
}

export async function allocationLines(database: TestDatabase): Promise<string[]> {
  return (await database.query<{ line: string }>(`select format('%s %s', id, prefix) as line from allocations`)).map((row) => row.line);
}

/** Every pair compared with every other: no index, no constraint and no code of ours is asked. */
export async function overlaps(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `with a as materialized (select id, space_id, prefix from allocations)
     select format('%s overlaps %s', a.prefix, b.prefix) as line from a join a b on a.id < b.id and a.space_id = b.space_id and a.prefix && b.prefix limit 20`,
  );
  return rows.map((row) => row.line);
}

/** Allocations that lie in no prefix of their pool, or in space that a child pool has. */
export async function misplaced(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select format('%s', a.prefix) as line from allocations a
     where not exists (select from pool_prefixes p where p.pool_id = a.pool_id and a.prefix <<= p.prefix)
        or exists (select from pool_prefixes c where c.parent_id = a.pool_id and c.prefix && a.prefix) limit 20`,
  );
  return rows.map((row) => row.line);
}

/** How many addresses the pool's prefixes have. */
export async function addressesOf(database: TestDatabase, poolId: string, family: 4 | 6): Promise<bigint> {
  const [row] = await database.query<{ count: string }>(
    `select trunc(sum(power(2::numeric, case family(prefix) when 4 then 32 else 128 end - masklen(prefix))))::text as count from pool_prefixes where pool_id = $1 and family(prefix) = $2`,
    [poolId, family],
  );
  return BigInt(row?.count ?? 0);
}

/** Audit entries of an operation about distinct allocations, and in all. */
export async function audited(database: TestDatabase, operation: string): Promise<{ allocations: number; entries: number }> {
  const [row] = await database.query<{ allocations: number; entries: number }>(
    `select count(distinct resource_id)::int as allocations, count(*)::int as entries from audit where operation = $1 and resource_type = 'allocation'`,
    [operation],
  );
  return row ?? { allocations: 0, entries: 0 };
}
