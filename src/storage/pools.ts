/** The table of pools, and the row locks that make one pool's changes take turns. */
import type { PoolSelector } from '../model/allocation.js';
import type { PageRequest } from '../model/page.js';
import { defaultPolicy, type Policy, type Pool } from '../model/pool.js';
import type { Family } from '../model/prefix.js';
import type { Labels } from '../model/space.js';
import { poolFamilies } from './pool-prefixes.js';
import { oneRow, prepared, row, rows, time, type Tx } from './sql.js';

interface PoolRow {
  id: string;
  space_id: string;
  parent_id: string | null;
  name: string;
  state: Pool['state'];
  /** As it was written; what a later release added to policies is not in it. */
  policy: Omit<Policy, 'quarantineMaxAddresses' | 'alarms'> & Partial<Policy>;
  labels: Labels;
  version: string;
  created_at: Date;
  prefixes: string[];
}

const columns = `p.*, array(select x.prefix::text from pool_prefixes x where x.pool_id = p.id order by x.prefix) as prefixes`;

function toPool(found: PoolRow): Pool {
  const { id, space_id, parent_id, name, state, prefixes, policy, labels, version, created_at } = found;
  return { id, spaceId: space_id, parentId: parent_id, name, state, prefixes, policy: { ...defaultPolicy, ...policy }, labels, version, createdAt: time(created_at) };
}

export interface PoolFilter {
  readonly spaceId?: string;
  readonly parentId?: string;
  readonly name?: string;
  readonly within?: string;
  readonly contains?: string;
  readonly family?: Family;
  readonly labels?: Labels;
}

export async function findPool(tx: Tx, id: string): Promise<Pool | undefined> {
  const found = await row<PoolRow>(tx, `select ${columns} from pools p where p.id = $1`, [id]);
  return found && toPool(found);
}

/** Those of them that there are, by id. */
export async function findPools(tx: Tx, ids: readonly string[]): Promise<Map<string, Pool>> {
  if (ids.length === 0) return new Map();
  const found = await rows<PoolRow>(tx, `select ${columns} from pools p where p.id = any($1::uuid[]) order by p.id`, [ids]);
  return new Map(found.map((one) => [one.id, toPool(one)]));
}

/** What allocating from a pool needs to know of it. There may be many prefixes: only their families are told. */
export type PoolTurn = Omit<Pool, 'prefixes'> & { readonly families: readonly Family[] };

/**
 * Takes the pool's turn: until the transaction ends nobody else changes its free space. `no key update` leaves rows that
 * merely refer to the pool alone.
 */
export async function lockPool(tx: Tx, id: string): Promise<PoolTurn | undefined> {
  const locked = prepared<PoolRow>(tx, `select p.*, '{}'::text[] as prefixes from pools p where p.id = $1 for no key update`, [id]);
  // Behind the lock on the connection: as they are once it is taken.
  const [[found], families] = await Promise.all([locked, poolFamilies(tx, id)]);
  if (found === undefined) return undefined;
  const { prefixes: _, ...turn } = toPool(found);
  return { ...turn, families };
}

/**
 * Takes the turns of several pools, by id. Parents are older than their children, and so come first; save those that have got
 * their children by a merge, where a deadlock may be what ends it, and the whole is done again.
 */
export async function lockPools(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await prepared(tx, 'select from pools where id = any($1::uuid[]) order by id for no key update', [ids]);
}

/**
 * Keeps pools from being deleted until the transaction ends, and takes no turn: whoever allocates from them goes on. By id,
 * and before anything that comes behind the pools' turns.
 */
export async function keepPools(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await prepared(tx, 'select from pools where id = any($1::uuid[]) order by id for key share', [ids]);
}

/** Of pools that are to be deleted, whose turns the caller has: whoever keeps them has ended then, and who comes to keep them waits. */
export async function outlastKeepers(tx: Tx, ids: readonly string[]): Promise<void> {
  await prepared(tx, 'select from pools where id = any($1::uuid[]) order by id for update', [ids]);
}

/** A pool as it begins: without prefixes, and active unless it says otherwise. */
export type PoolStart = Omit<Pool, 'version' | 'createdAt' | 'prefixes' | 'state'> & Partial<Pick<Pool, 'state'>>;

export async function insertPool(tx: Tx, pool: PoolStart): Promise<void> {
  await rows(tx, 'insert into pools (id, space_id, parent_id, name, state, policy, labels) values ($1, $2, $3, $4, $5, $6, $7)', [
    pool.id,
    pool.spaceId,
    pool.parentId,
    pool.name,
    pool.state ?? 'active',
    pool.policy,
    pool.labels,
  ]);
}

export async function updatePool(tx: Tx, id: string, change: { name: string; policy: Policy; labels: Labels }): Promise<void> {
  await rows(tx, 'update pools set name = $2, policy = $3, labels = $4, version = version + 1 where id = $1', [id, change.name, change.policy, change.labels]);
}

/** What lies in the pool has changed, and with it what a reader sees. */
export async function touchPool(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'update pools set version = version + 1 where id = $1', [id]);
}

/** Children of these pools become children of that one. */
export async function adoptChildren(tx: Tx, parentIds: readonly string[], id: string): Promise<void> {
  await rows(tx, 'update pools set parent_id = $2, version = version + 1 where parent_id = any($1::uuid[])', [parentIds, id]);
}

export async function deletePool(tx: Tx, id: string): Promise<void> {
  await rows(tx, 'delete from pools where id = $1', [id]);
}

/** What stands in the way of deleting a pool. */
export async function poolContents(tx: Tx, poolId: string): Promise<{ children: string[]; allocations: number }> {
  const children = await rows<{ id: string }>(tx, 'select id from pools where parent_id = $1 order by id limit 20', [poolId]);
  const { count } = await oneRow<{ count: string }>(tx, 'select count(*) from allocations where pool_id = $1', [poolId]);
  return { children: children.map((child) => child.id), allocations: Number(count) };
}

/** Pools that are what is selected, in the order in which a selector tries them: the one it states, else by name. */
export async function selectPools(tx: Tx, selector: PoolSelector): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select id from pools where labels @> $1 and ($2::uuid is null or space_id = $2) and ($3::uuid[] is null or id = any($3))
     order by array_position($3, id), name, id limit 1000`,
    [selector.labels ?? {}, selector.spaceId ?? null, selector.poolIds ?? null],
  );
  return found.map((pool) => pool.id);
}

/** Roots of a space by name. */
export async function findRootByName(tx: Tx, spaceId: string, name: string): Promise<Pool | undefined> {
  const found = await row<PoolRow>(tx, `select ${columns} from pools p where p.space_id = $1 and p.parent_id is null and p.name = $2`, [spaceId, name]);
  return found && toPool(found);
}

export async function listPools(tx: Tx, page: PageRequest, filter: PoolFilter): Promise<Pool[]> {
  const found = await rows<PoolRow>(
    tx,
    `select ${columns} from pools p
     where ($1::uuid is null or p.id > $1) and ($2::uuid is null or p.space_id = $2) and ($3::uuid is null or p.parent_id = $3)
       and ($4::text is null or p.name = $4) and ($5::jsonb is null or p.labels @> $5)
       and (num_nonnulls($6::cidr, $7::inet, $8::int) = 0 or exists (
         select from pool_prefixes x where x.pool_id = p.id and ($6::cidr is null or x.prefix <<= $6)
           and ($7::inet is null or x.prefix >>= $7) and ($8::int is null or family(x.prefix) = $8)))
     order by p.id limit $9`,
    [
      page.after,
      filter.spaceId ?? null,
      filter.parentId ?? null,
      filter.name ?? null,
      filter.labels ?? null,
      filter.within ?? null,
      filter.contains ?? null,
      filter.family === undefined ? null : Number(filter.family.slice(3)),
      page.limit + 1,
    ],
  );
  return found.map(toPool);
}
