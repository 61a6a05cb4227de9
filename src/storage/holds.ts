/** Holds: the rows of allocations that are no allocations yet. Taken by insertAllocations, ended by deleteAllocations. */
import type { Hold } from '../model/hold.js';
import type { PageRequest } from '../model/page.js';
import { prepared, row, rows, time, type Tx } from './sql.js';

interface HoldRow {
  id: string;
  space_id: string;
  pool_id: string;
  pool_prefix: string;
  prefix: string;
  holder: string;
  held_by: string | null;
  valid_until: Date;
  created_at: Date;
}

/** With what the caller need not know: where it goes back to, and whose it is. */
export interface KeptHold {
  readonly hold: Hold;
  readonly poolPrefix: string;
  /** The token of the caller; null for the controller itself. */
  readonly heldBy: string | null;
}

const select = 'select a.id, a.space_id, a.pool_id, a.pool_prefix::text, a.prefix::text, a.holder, a.held_by, a.valid_until, a.created_at from allocations a';

function toHold(found: HoldRow): Hold {
  return {
    id: found.id,
    spaceId: found.space_id,
    poolId: found.pool_id,
    prefix: found.prefix,
    family: found.prefix.includes(':') ? 'ipv6' : 'ipv4',
    holder: found.holder,
    expiresAt: time(found.valid_until),
    createdAt: time(found.created_at),
  };
}

export async function findHold(tx: Tx, id: string): Promise<KeptHold | undefined> {
  const found = await row<HoldRow>(tx, `${select} where a.id = $1 and a.state = 'reserved'`, [id]);
  return found && { hold: toHold(found), poolPrefix: found.pool_prefix, heldBy: found.held_by };
}

/** Those of them that there are, by id. */
export async function findHolds(tx: Tx, ids: readonly string[]): Promise<Map<string, Hold>> {
  if (ids.length === 0) return new Map();
  const found = await prepared<HoldRow>(tx, `${select} where a.id = any($1::uuid[]) and a.state = 'reserved'`, [ids]);
  return new Map(found.map((one) => [one.id, toHold(one)]));
}

export async function listHolds(tx: Tx, page: PageRequest, filter: { poolId?: string; holder?: string }): Promise<Hold[]> {
  const found = await rows<HoldRow>(
    tx,
    `${select} where a.state = 'reserved' and ($1::uuid is null or a.id > $1) and ($2::uuid is null or a.pool_id = $2) and ($3::text is null or a.holder = $3)
     order by a.id limit $4`,
    [page.after, filter.poolId ?? null, filter.holder ?? null, page.limit + 1],
  );
  return found.map(toHold);
}
