/** The queues of the pools, by priority and then by arrival, and the turns of those who stand in them. */
import type { Family } from '../model/prefix.js';
import type { Queued } from '../model/waiting-request.js';
import { prepared, row, rows, type Tx } from './sql.js';
import { toWaiting, type WaitingRow } from './waiting-row.js';

interface QueuedRow extends WaitingRow {
  entitled: boolean;
}

/** Of one that is waiting; what the controller asks for by itself has no token. */
const selectQueued = `
  select w.*, w.pool_ids::text[] as pool_ids, null as position, w.actor ->> 'tokenId' is null
    or exists (select from tokens t where t.id = (w.actor ->> 'tokenId')::uuid and (t.expires_at is null or t.expires_at > now())) as entitled
  from waiting_requests w where w.state = 'waiting'`;

function toQueued(found: QueuedRow): Queued {
  return { ...toWaiting(found), actor: found.actor, requestId: found.request_id, kept: found.kept, entitled: found.entitled };
}

/**
 * The head of the pool's queue, locked; the caller holds the pool's turn. Those whose holder has a quota that is not among
 * the locked ones are left for another turn.
 */
export async function lockQueue(tx: Tx, poolId: string, lockedQuotas: readonly string[], limit: number): Promise<Queued[]> {
  const found = await rows<QueuedRow>(
    tx,
    `${selectQueued} and w.pool_ids @> array[$1::uuid]
       and not exists (select from quotas q where q.holder = w.holder and q.id <> all($2::uuid[]))
     order by w.priority desc, w.arrival limit $3 for no key update of w`,
    [poolId, lockedQuotas, limit],
  );
  return found.map(toQueued);
}

/** Whether any request waits for the pool: one probe. */
export async function isAwaited(tx: Tx, poolId: string): Promise<boolean> {
  return (await prepared(tx, `select from waiting_requests where state = 'waiting' and pool_ids @> array[$1::uuid] limit 1`, [poolId])).length > 0;
}

/** So many of the largest free blocks say where the most is free: a pool may have a million. */
const weighed = 1_000;

/**
 * The block of that length, inside the pool, of which the most is free already: what a request for one is nearest to getting.
 * Null where no prefix of the pool is large enough ever to hold one.
 */
export async function nearestBlock(tx: Tx, poolId: string, family: Family, length: number): Promise<string | null> {
  const found = await row<{ block: string }>(
    tx,
    `select block::text from (
       select network(set_masklen(b.prefix::inet, $3::int))::cidr as block, sum(power(2::numeric, - masklen(b.prefix))) as free from (
         select prefix from free_blocks where pool_id = $1 and family(prefix) = $2 and 128 - masklen(prefix) < 128 - $3::int and masklen(pool_prefix) <= $3
         order by 128 - masklen(prefix) desc, prefix desc limit $4) b
       group by 1
       union all
       (select set_masklen(p.prefix, $3::int), 0 from pool_prefixes p where p.pool_id = $1 and family(p.prefix) = $2 and masklen(p.prefix) <= $3 order by p.prefix limit 1)) t
     order by free desc, t.block limit 1`,
    [poolId, Number(family.slice(3)), length, weighed],
  );
  return found?.block ?? null;
}

/** The pools that requests wait for: of all holders, or of one. */
export async function awaitedPools(tx: Tx, holder?: string): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, `select distinct unnest(pool_ids)::text as id from waiting_requests where state = 'waiting' and ($1::text is null or holder = $1) order by 1`, [
    holder ?? null,
  ]);
  return found.map((pool) => pool.id);
}

/** Takes the turns of those who wait for any of these pools, in the order of their queues. @returns them */
export async function lockWaitingFor(tx: Tx, poolIds: readonly string[]): Promise<Queued[]> {
  return lockWaiting(tx, 'w.pool_ids && $1::uuid[]', poolIds);
}

/** Takes the turns of those who wait in the name of a token. @returns them */
export async function lockWaitingOf(tx: Tx, tokenId: string): Promise<Queued[]> {
  return lockWaiting(tx, `w.actor ->> 'tokenId' = $1`, tokenId);
}

async function lockWaiting(tx: Tx, which: string, parameter: unknown): Promise<Queued[]> {
  const found = await rows<QueuedRow>(tx, `${selectQueued} and ${which} order by w.priority desc, w.arrival for no key update of w`, [parameter]);
  return found.map(toQueued);
}

/** Who waits for one of these pools waits for that one instead, at the same place of its order. The caller holds their turns. */
export async function waitElsewhere(tx: Tx, poolIds: readonly string[], poolId: string): Promise<void> {
  await rows(
    tx,
    `update waiting_requests w set pool_ids = (
       select array_agg(t.id order by t.place) from (
         select case when x.id = any($1::uuid[]) then $2::uuid else x.id end as id, min(x.place) as place from unnest(w.pool_ids) with ordinality as x (id, place) group by 1) t)
     where w.state = 'waiting' and w.pool_ids && $1::uuid[]`,
    [poolIds, poolId],
  );
}

/** The pool is gone: whoever waits for others, too, waits for those. The caller holds their turns. */
export async function forgetPool(tx: Tx, poolId: string): Promise<void> {
  await rows(tx, `update waiting_requests set pool_ids = array_remove(pool_ids, $1::uuid) where state = 'waiting' and pool_ids @> array[$1::uuid] and cardinality(pool_ids) > 1`, [poolId]);
}
