/** What the database says afterwards, by SQL alone. */
import type pg from 'pg';

export async function countAllocations(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>('select count(*)::int as count from allocations');
  return rows[0]?.count ?? 0;
}

/** In address order any overlap of CIDR blocks shows between neighbours. */
export async function countOverlaps(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from (select prefix && lag(prefix) over (partition by space_id order by prefix) as bad from allocations) n where bad`,
  );
  return rows[0]?.count ?? 0;
}
