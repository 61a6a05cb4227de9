/**
 * The table of usage samples: what every pool's space was used for, over time, ever coarser with age. Samples are taken
 * and thinned by sets; what a sample means is decided elsewhere.
 */
import type { Family } from '../model/prefix.js';
import type { FamilyUsage } from '../model/usage.js';
import { rows, time, type Tx } from './sql.js';
import { sumsOfUse, uses } from './usage.js';

/** How long samples are kept, by grain. */
const keep = { fine: '2 days', hour: '90 days', day: '5 years' } as const;

/** One sample a pool and family, of one moment. Pools that are being deleted right now are passed by. */
export async function insertSamples(tx: Tx, at: Date): Promise<void> {
  await rows(
    tx,
    `with standing as materialized (select id from pools for key share skip locked),
     blocks as (
       select pool_id, family, jsonb_object_agg(length, count) as lengths
       from (select pool_id, family(prefix) as family, masklen(prefix) as length, count(*) as count from free_blocks group by 1, 2, 3) b group by 1, 2
     )
     insert into usage_samples (pool_id, family, at, grain, ${uses.join(', ')}, free_blocks)
     select u.pool_id, u.family, $1,
       case when last.at is null or date_trunc('day', last.at, 'UTC') < date_trunc('day', $1::timestamptz, 'UTC') then 'day'
         when date_trunc('hour', last.at, 'UTC') < date_trunc('hour', $1::timestamptz, 'UTC') then 'hour' else 'fine' end,
       ${uses.map((use) => `u.${use}`).join(', ')}, coalesce(b.lengths, '{}')
     from (${sumsOfUse('null::uuid')}) u join standing s on s.id = u.pool_id left join blocks b using (pool_id, family)
       left join lateral (select at from usage_samples e where e.pool_id = u.pool_id and e.family = u.family and e.at <= $1 order by e.at desc limit 1) last on true
     on conflict do nothing`,
    [at],
  );
}

/** Keeps every sample for two days, the first of each hour for 90 days and the first of each day for five years. */
export async function thinSamples(tx: Tx, now: Date): Promise<void> {
  const past = Object.entries(keep).map(([grain, age]) => `(grain = '${grain}' and at < $1::timestamptz - interval '${age}')`);
  await rows(tx, `delete from usage_samples where ${past.join(' or ')}`, [now]);
}

export interface UsageSample extends Omit<FamilyUsage, 'family'> {
  readonly at: string;
  /** Prefix length → how many maximal free blocks there were of it. */
  readonly freeBlocks: Readonly<Record<string, number>>;
}

export interface SampleSpan {
  readonly poolId: string;
  readonly family: Family;
  readonly from: Date;
  readonly to: Date;
  readonly stepSeconds: number;
}

/** The newest sample of each step of the span, oldest first; steps are counted from 1970. */
export async function listSamples(tx: Tx, span: SampleSpan): Promise<UsageSample[]> {
  const found = await rows<Omit<UsageSample, 'at'> & { at: Date }>(
    tx,
    `select distinct on (date_bin(make_interval(secs => $5), s.at, 'epoch')) s.at, ${uses.map((use) => `${use}::text`).join(', ')}, free_blocks as "freeBlocks"
     from usage_samples s where pool_id = $1 and family = $2 and s.at >= $3 and s.at < $4
     order by date_bin(make_interval(secs => $5), s.at, 'epoch'), s.at desc`,
    [span.poolId, Number(span.family.slice(3)), span.from, span.to, span.stepSeconds],
  );
  return found.map(({ at, ...sample }) => ({ at: time(at), ...sample }));
}
