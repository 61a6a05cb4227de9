/** The journal read by address: the states of allocations, each with the time it was valid. Derived, and stored nowhere. */
import type { HistoryState } from '../model/history.js';
import type { PageRequest } from '../model/page.js';
import { rows, time, type Tx } from './sql.js';

export interface HistoryFilter {
  /** Only allocations that contain this address or prefix; `prefix`: that share an address with it. */
  readonly contains?: string;
  readonly prefix?: string;
  readonly allocationId?: string;
  readonly spaceId?: string;
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
}

interface HistoryRow {
  id: string;
  resource_id: string;
  state: Pick<HistoryState, 'spaceId' | 'poolId' | 'prefix' | 'state' | 'holder' | 'service' | 'deviceId'>;
  valid_from: Date;
  valid_to: Date | null;
  begun: [string, string, string | null, string, string];
  ended: [string, string, string | null, string, string] | null;
}

const change = ([operation, requestId, tokenId, name, role]: HistoryRow['begun']): HistoryState['begunBy'] => ({ operation, requestId, actor: { tokenId, name, role } });

/**
 * Newest first. The entries of one allocation stand in the order of their ids, since whoever writes one holds its lock; should
 * the database's clock have been set back in between, time stands still rather than run backwards.
 */
export async function listHistory(tx: Tx, page: PageRequest, filter: HistoryFilter): Promise<HistoryState[]> {
  const found = await rows<HistoryRow>(
    tx,
    `with touched as (
       select distinct resource_id from audit where resource_type = 'allocation' and ($1::cidr is null or prefix >>= $1) and ($2::cidr is null or prefix && $2)
         and ($3::uuid is null or resource_id = $3) and ($4::uuid is null or space_id = $4)
     ), entries as (
       select a.id, a.resource_id, a.prefix, a.after, max(a.at) over (partition by a.resource_id order by a.id) as valid_from,
         jsonb_build_array(a.operation, a.request_id, a.token_id, a.actor, a.role) as begun
       from audit a join touched t on t.resource_id = a.resource_id where a.resource_type = 'allocation'
     ), states as (
       select *, lead(valid_from) over each as valid_to, lead(begun) over each as ended from entries window each as (partition by resource_id order by id)
     )
     select id, resource_id, after as state, valid_from, valid_to, begun, ended from states
     where after ->> 'state' <> 'free' and ($1::cidr is null or prefix >>= $1) and ($2::cidr is null or prefix && $2)
       and ($5::timestamptz is null or (valid_from <= $5 and (valid_to is null or valid_to > $5)))
       and ($6::timestamptz is null or valid_to is null or valid_to > $6) and ($7::timestamptz is null or valid_from < $7)
       and ($8::bigint is null or id < $8)
     order by id desc limit $9`,
    [filter.contains, filter.prefix, filter.allocationId, filter.spaceId, filter.at, filter.from, filter.to, page.after, page.limit + 1].map((value) => value ?? null),
  );
  return found.map(({ id, resource_id, state, valid_from, valid_to, begun, ended }) => ({
    id,
    allocationId: resource_id,
    spaceId: state.spaceId,
    poolId: state.poolId,
    prefix: state.prefix,
    state: state.state,
    holder: state.holder,
    service: state.service,
    deviceId: state.deviceId,
    validFrom: time(valid_from),
    validTo: time(valid_to),
    begunBy: change(begun),
    endedBy: ended && change(ended),
  }));
}
