/** The table of alarms: at most one raised at a time for a pool and family, and those that were, for a year. */
import type { Alarm, AlarmThresholds } from '../model/alarm.js';
import type { PageRequest } from '../model/page.js';
import type { Family } from '../model/prefix.js';
import { row, rows, time, type Tx } from './sql.js';
import { size } from './usage.js';

interface AlarmRow {
  id: string;
  pool_id: string;
  family: 4 | 6;
  raised_at: Date;
  free_at_raise: string;
  raise_below: string;
  clear_above: string;
  cleared_at: Date | null;
  free_at_clear: string | null;
}

function toAlarm(found: AlarmRow): Alarm {
  return {
    id: found.id,
    poolId: found.pool_id,
    family: `ipv${found.family}`,
    state: found.cleared_at === null ? 'raised' : 'cleared',
    raisedAt: time(found.raised_at),
    freeAtRaise: found.free_at_raise,
    raiseBelowFree: found.raise_below,
    clearAboveFree: found.clear_above,
    clearedAt: time(found.cleared_at),
    freeAtClear: found.free_at_clear,
  };
}

export interface Watched {
  readonly poolId: string;
  readonly family: Family;
  readonly thresholds: AlarmThresholds | null;
  /** Undefined where the pool has none of the family. */
  readonly usage: { readonly free: string; readonly total: string } | undefined;
  readonly raised: Alarm | undefined;
}

/** Every pool and family that has thresholds or a raised alarm, of one moment. */
export async function watched(tx: Tx): Promise<Watched[]> {
  const found = await rows<{ poolId: string; watchedFamily: 4 | 6; thresholds: AlarmThresholds | null; free: string; total: string | null } & Partial<AlarmRow>>(
    tx,
    `select p.id as "poolId", f as "watchedFamily", nullif(p.policy #> array['alarms', 'ipv' || f], 'null') as thresholds, u.free::text, u.total::text, a.*
     from pools p cross join unnest(array[4, 6]) as f left join alarms a on a.pool_id = p.id and a.family = f and a.cleared_at is null
       cross join lateral (
         select (select sum(${size('prefix')}) from pool_prefixes where pool_id = p.id and family(prefix) = f) as total,
           (select coalesce(sum(${size('prefix')}), 0) from free_blocks where pool_id = p.id and family(prefix) = f) as free
       ) u
     where p.policy #> array['alarms', 'ipv' || f] <> 'null' or a.id is not null
     order by p.id, f`,
  );
  return found.map(({ poolId, watchedFamily, thresholds, free, total, ...alarm }) => ({
    poolId,
    family: `ipv${watchedFamily}`,
    thresholds,
    usage: total === null ? undefined : { free, total },
    raised: alarm.id === undefined || alarm.id === null ? undefined : toAlarm(alarm as AlarmRow),
  }));
}

/** @returns undefined when somebody else has raised it meanwhile, or the pool is gone. */
export async function raiseAlarm(tx: Tx, alarm: { id: string; poolId: string; family: Family; at: Date; free: string } & AlarmThresholds): Promise<Alarm | undefined> {
  const inserted = await row<AlarmRow>(
    tx,
    `insert into alarms (id, pool_id, family, raised_at, free_at_raise, raise_below, clear_above)
     select $1, p.id, $3, $4, $5, $6, $7 from pools p where p.id = $2 for key share skip locked
     on conflict (pool_id, family) where cleared_at is null do nothing returning *`,
    [alarm.id, alarm.poolId, Number(alarm.family.slice(3)), alarm.at, alarm.free, alarm.raiseBelowFree, alarm.clearAboveFree],
  );
  return inserted && toAlarm(inserted);
}

/** @returns undefined when somebody else has cleared it meanwhile. */
export async function clearAlarm(tx: Tx, id: string, at: Date, free: string): Promise<Alarm | undefined> {
  const cleared = await row<AlarmRow>(tx, 'update alarms set cleared_at = $2, free_at_clear = $3 where id = $1 and cleared_at is null returning *', [id, at, free]);
  return cleared && toAlarm(cleared);
}

export interface AlarmFilter {
  readonly state?: Alarm['state'];
  readonly poolId?: string;
  /** Raised or cleared then or later. */
  readonly since?: string;
}

export async function listAlarms(tx: Tx, page: PageRequest, filter: AlarmFilter): Promise<Alarm[]> {
  const found = await rows<AlarmRow>(
    tx,
    `select * from alarms where ($1::uuid is null or id > $1) and ($2::uuid is null or pool_id = $2) and ($3::text is null or ($3 = 'raised') = (cleared_at is null))
       and ($4::timestamptz is null or coalesce(cleared_at, raised_at) >= $4) order by id limit $5`,
    [page.after, filter.poolId ?? null, filter.state ?? null, filter.since ?? null, page.limit + 1],
  );
  return found.map(toAlarm);
}

export async function deleteAlarmsClearedBefore(tx: Tx, before: Date): Promise<void> {
  await rows(tx, 'delete from alarms where cleared_at < $1', [before]);
}
