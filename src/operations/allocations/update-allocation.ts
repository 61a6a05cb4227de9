import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { parsePrefix } from '../../model/prefix.js';
import type { Labels } from '../../model/space.js';
import { changeAllocation } from '../../storage/allocation-life.js';
import { markStale } from '../../storage/deliveries.js';
import { enqueueExpiries } from '../../storage/jobs.js';
import { chargeChange, takeQuotas } from '../quotas/charge-change.js';
import type { Work } from '../work.js';
import { inUse, requireState, reread, takeTurn, type AllocationTurn } from './allocation-turn.js';

export interface AllocationUpdate extends AllocationTurn {
  readonly holder?: string;
  readonly service?: string;
  readonly originAs?: number | null;
  /** When it is released; null: not by itself. */
  readonly validUntil?: string | null;
  readonly labels?: Labels;
}

/**
 * What is not named stays. Holder and service are in the device's document, the origin AS is in the parent CA's: whose
 * document changes is marked stale.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`, `invalid-request` for a time that is over,
 * `quota-exceeded` of the new holder
 */
export async function updateAllocation(work: Work, update: AllocationUpdate): Promise<Allocation> {
  const { tx, now } = work;
  const { holder, service, originAs, validUntil, labels } = update;
  const quotas = holder === undefined ? [] : await takeQuotas(work, holder);
  const before = await takeTurn(work, update);
  requireState(before, inUse);
  const until = validUntil == null ? null : new Date(validUntil);
  if (until !== null && !(until > now)) {
    throw new CasmError('invalid-request', `validUntil ${validUntil} is not in the future`, { errors: [{ in: 'body', pointer: '/validUntil', detail: 'must be in the future' }] });
  }
  if (holder !== undefined && holder !== before.holder) {
    await chargeChange(work, quotas, { spaceId: before.spaceId, after: { holder, family: before.family, length: parsePrefix(before.prefix).length } });
  }
  const forDevice = differs(holder, before.holder) || differs(service, before.service);
  const deviceRevision = before.deviceId !== null && forDevice ? await markStale(tx, before.deviceId) : undefined;
  const rpkiRevision = before.rpkiDeviceId !== null && differs(originAs, before.originAs) ? await markStale(tx, before.rpkiDeviceId) : undefined;
  await changeAllocation(tx, before.id, { holder, service, originAs, validUntil, labels, deviceRevision, rpkiRevision });
  if (until !== null) await enqueueExpiries(tx, [{ id: before.id, runAt: until }]);
  const after = await reread(work, before.id);
  work.audit({ resourceType: 'allocation', resourceId: after.id, before, after });
  return after;
}

function differs<T>(asked: T | undefined, present: T): boolean {
  return asked !== undefined && asked !== present;
}
