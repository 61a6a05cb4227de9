/** Pools and allocations as records: read in one moment by a cursor, in an order that is the same wherever they stand. */
import type { AllocationRecord, ExchangeKind, PoolRecord, RecordOf } from '../model/exchange.js';
import { defaultPolicy, type Policy } from '../model/pool.js';
import { rows, time, type Tx } from './sql.js';

const pageSize = 1_000;

const tree = `tree as (
  select id, '/' || replace(replace(name, '~', '~0'), '/', '~1') as path from pools where space_id = $1 and parent_id is null
  union all select p.id, t.path || '/' || replace(replace(p.name, '~', '~0'), '/', '~1') from tree t join pools p on p.parent_id = t.id
)`;

const queries: Readonly<Record<ExchangeKind, string>> = {
  // Parents come before their children, since their paths are the beginning of theirs.
  pools: `with recursive ${tree} select t.path, array(select x.prefix::text from pool_prefixes x where x.pool_id = p.id order by x.prefix) as prefixes, p.state, p.policy, p.labels
    from tree t join pools p on p.id = t.id order by t.path collate "C"`,
  // Who has let go of it already is not told: a prefix in quarantine is on no device.
  allocations: `with recursive ${tree} select t.path as pool, a.prefix::text as prefix, a.state, a.holder, a.service,
      case when a.state <> 'quarantined' then d.name end as device, a.rpki_device_id is not null and a.state <> 'quarantined' as certify,
      a.origin_as::float8 as "originAs", a.labels, a.valid_until as "validUntil", a.quarantined_until as "quarantinedUntil"
    from allocations a join tree t on t.id = a.pool_id left join devices d on d.id = a.device_id where a.space_id = $1 order by a.prefix`,
};

const readers: { readonly [Kind in ExchangeKind]: (found: never) => RecordOf[Kind] } = {
  pools: (found: PoolRecord & { policy: Partial<Policy> }) => ({ ...found, policy: { ...defaultPolicy, ...found.policy } }),
  allocations: (found: AllocationRecord & { validUntil: Date | null; quarantinedUntil: Date | null }) => ({
    ...found,
    validUntil: time(found.validUntil as unknown as Date | null),
    quarantinedUntil: time(found.quarantinedUntil as unknown as Date | null),
  }),
};

/** Shows every record of a space to the visitor, a page at a time; the next page waits for it. */
export async function eachRecord<Kind extends ExchangeKind>(tx: Tx, kind: Kind, spaceId: string, visit: (page: RecordOf[Kind][]) => Promise<void>): Promise<void> {
  await rows(tx, `declare records no scroll cursor for ${queries[kind]}`, [spaceId]);
  for (;;) {
    const page = await rows<never>(tx, `fetch ${pageSize} from records`);
    if (page.length === 0) return;
    await visit(page.map(readers[kind]));
  }
}

/** Path → id, of those of the paths that lead to a pool of the space. @param paths with their names, from the root down */
export async function poolsByPath(tx: Tx, spaceId: string, paths: ReadonlyMap<string, readonly string[]>): Promise<Map<string, string>> {
  const found = await rows<{ path: string; id: string }>(
    tx,
    `with recursive walk as (
       select w.path, w.names, 1 as depth, p.id from jsonb_to_recordset($2::jsonb) as w (path text, names text[])
         join pools p on p.space_id = $1 and p.parent_id is null and p.name = w.names[1]
       union all select k.path, k.names, k.depth + 1, p.id from walk k join pools p on p.space_id = $1 and p.parent_id = k.id and p.name = k.names[k.depth + 1]
     )
     select path, id from walk where depth = cardinality(names)`,
    [spaceId, JSON.stringify([...paths].map(([path, names]) => ({ path, names })))],
  );
  return new Map(found.map(({ path, id }) => [path, id]));
}

/** Name → id, of devices that use the space. */
export async function devicesByName(tx: Tx, spaceId: string, names: readonly string[]): Promise<Map<string, string>> {
  if (names.length === 0) return new Map();
  const found = await rows<{ name: string; id: string }>(tx, 'select name, id from devices where space_id = $1 and name = any($2)', [spaceId, names]);
  return new Map(found.map(({ name, id }) => [name, id]));
}

/** Lets fresh allocations without a device rest until the time of each. */
export async function rest(tx: Tx, resting: readonly { readonly id: string; readonly until: string }[]): Promise<void> {
  if (resting.length === 0) return;
  await rows(
    tx,
    `update allocations a set state = 'quarantined', quarantined_until = r.until, version = version + 1, updated_at = now()
     from jsonb_to_recordset($1::jsonb) as r (id uuid, until timestamptz) where a.id = r.id`,
    [JSON.stringify(resting)],
  );
}
