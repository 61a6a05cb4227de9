/** What allocations wait for, and what moves them on once a revision is confirmed. */
import { rows, type Tx } from './sql.js';

export async function withdrawAllocations(tx: Tx, ids: readonly string[], revisions: { device: string | null; rpki: string | null }): Promise<void> {
  await rows(
    tx,
    `update allocations set state = 'withdrawing', device_revision = $2, rpki_revision = $3, version = version + 1, updated_at = now() where id = any($1::uuid[])`,
    [ids, revisions.device, revisions.rpki],
  );
}

export async function activateAllocations(tx: Tx, ids: readonly string[]): Promise<void> {
  await rows(tx, `update allocations set state = 'active', version = version + 1, updated_at = now() where id = any($1::uuid[])`, [ids]);
}

/** Sets the revision in which the parent CA learns that these are to be shrunk away. */
export async function awaitCertificateShrink(tx: Tx, ids: readonly string[], revision: string): Promise<void> {
  await rows(tx, 'update allocations set rpki_revision = $2, version = version + 1, updated_at = now() where id = any($1::uuid[])', [ids, revision]);
}

export interface EvidencedAllocation {
  readonly id: string;
  readonly state: 'provisioning' | 'withdrawing';
  readonly rpkiDeviceId: string | null;
  /** Whether the shrink has been asked for yet; for a withdrawing allocation that is certified. */
  readonly shrinkAsked: boolean;
}

/**
 * Allocations on this device that wait, and whose every revision asked for so far is confirmed; locked. The device and the
 * parent CA may confirm at the same time, and neither sees the other before its commit: so what this one has confirmed is locked
 * first, and looked at by a statement of its own. Whoever comes second sees both.
 */
export async function lockEvidenced(tx: Tx, deviceId: string): Promise<EvidencedAllocation[]> {
  const locked = await rows<{ id: string }>(
    tx,
    `select a.id from allocations a join deliveries o on o.device_id = $1
     where (a.device_id = $1 or a.rpki_device_id = $1) and a.state in ('provisioning', 'withdrawing')
       and coalesce(case when a.device_id = $1 then a.device_revision else a.rpki_revision end, 0) <= o.applied_revision
     order by a.id for no key update of a`,
    [deviceId],
  );
  if (locked.length === 0) return [];
  return rows(
    tx,
    `select a.id, a.state, a.rpki_device_id as "rpkiDeviceId", a.rpki_revision is not null as "shrinkAsked"
     from allocations a left join deliveries d on d.device_id = a.device_id left join deliveries r on r.device_id = a.rpki_device_id
     where a.id = any($1::uuid[]) and (a.device_revision is null or a.device_revision <= d.applied_revision)
       and (a.rpki_revision is null or a.rpki_revision <= r.applied_revision)
     order by a.id`,
    [locked.map((one) => one.id)],
  );
}

/** Parent CAs that must learn of something once this device has confirmed what it was told; ordered for locking. */
export async function shrinksPending(tx: Tx, deviceId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    `select distinct rpki_device_id as id from allocations
     where device_id = $1 and state = 'withdrawing' and rpki_device_id is not null and rpki_revision is null order by 1`,
    [deviceId],
  );
  return found.map((parent) => parent.id);
}
