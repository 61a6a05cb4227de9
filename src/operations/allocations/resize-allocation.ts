import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { lengthToAllocate } from '../../model/pool.js';
import { contains, formatPrefix, parsePrefix, prefixAround, samePrefix, subtract, type Prefix } from '../../model/prefix.js';
import { specialPurposeOf } from '../../model/special-purpose.js';
import { changeAllocation, poolPrefixOf, splitOff } from '../../storage/allocation-life.js';
import { markStale } from '../../storage/deliveries.js';
import { getPool } from '../pools/get-pool.js';
import { requireOpen } from '../pools/require-open.js';
import { takePrefixes } from '../pools/take-from-parent.js';
import { chargeChange, takeQuotas } from '../quotas/charge-change.js';
import type { Work } from '../work.js';
import { inUse, requireState, reread, takeTurn, type AllocationTurn } from './allocation-turn.js';
import { getAllocation } from './get-allocation.js';
import { releaseAllocation } from './release-allocation.js';

export interface Resize extends AllocationTurn {
  readonly prefixLength: number;
  /** What stays when it is made smaller; the first addresses unless given. */
  readonly keep?: string;
}

export interface ResizeResult {
  readonly allocation: Allocation;
  readonly released: readonly Allocation[];
}

/**
 * Smaller: what does not stay is released like any allocation, and so waits for those who hold it. Larger: takes what is
 * free around it. Either way the device is told.
 * @throws CasmError `allocation-not-found`, `precondition-failed`, `state-conflict`, `pool-retiring`, `length-not-allowed`, `invalid-prefix`,
 * `prefix-outside-pool`, `prefix-not-free`, `certification-refused`, `quota-exceeded`, `invalid-request` for a `keep` that does not fit
 */
export async function resizeAllocation(work: Work, { prefixLength, keep, ...turn }: Resize): Promise<ResizeResult> {
  const quotas = await takeQuotas(work, (await getAllocation(work.tx, turn)).holder);
  const before = await takeTurn(work, turn, true);
  const present = parsePrefix(before.prefix);
  const larger = prefixLength < present.length;
  requireState(before, larger ? ['provisioning', 'active'] : inUse);
  const pool = await getPool(work.tx, before);
  if (larger) requireOpen(pool);
  lengthToAllocate(pool.policy, present.family, prefixLength);
  const wanted = keep === undefined ? prefixAround(present.family, present.first, prefixLength) : kept(present, parsePrefix(keep), prefixLength);
  if (samePrefix(wanted, present)) return { allocation: before, released: [] };
  if (larger) await chargeLarger(work, quotas, before, prefixLength);
  const released = larger ? await grow(work, before, wanted) : await shrink(work, before, wanted);
  const allocation = await reread(work, before.id);
  work.audit({ resourceType: 'allocation', resourceId: allocation.id, before, after: allocation });
  for (const part of released) work.audit({ resourceType: 'allocation', resourceId: part.id, before: null, after: part });
  const left: Allocation[] = [];
  for (const { id } of released) left.push(await releaseAllocation(work, { allocationId: id }));
  return { allocation, released: left };
}

async function chargeLarger(work: Work, quotas: readonly string[], { spaceId, holder, family, prefix }: Allocation, length: number): Promise<void> {
  await chargeChange(work, quotas, { spaceId, before: { holder, family, length: parsePrefix(prefix).length }, after: { holder, family, length } });
}

function kept(present: Prefix, keep: Prefix, length: number): Prefix {
  if (keep.length === length && contains(present, keep)) return keep;
  throw new CasmError('invalid-request', `${formatPrefix(keep)} is no /${length} of ${formatPrefix(present)}`, {
    errors: [{ in: 'body', pointer: '/keep', detail: `must be a /${length} inside ${formatPrefix(present)}` }],
  });
}

async function grow(work: Work, before: Allocation, wanted: Prefix): Promise<Allocation[]> {
  const { tx } = work;
  const text = formatPrefix(wanted);
  const around = await poolPrefixOf(tx, before.id);
  if (!contains(parsePrefix(around), wanted)) throw new CasmError('prefix-outside-pool', `${text} is more than ${around}, the prefix of the pool it lies in`, { prefix: text });
  const special = before.rpkiDeviceId === null ? undefined : specialPurposeOf(wanted);
  if (special !== undefined) throw new CasmError('certification-refused', `${text} touches ${formatPrefix(special.prefix)}, ${special.name}: no parent CA certifies that`, { prefix: text });
  await takePrefixes(tx, before.poolId, subtract(wanted, parsePrefix(before.prefix)));
  const deviceRevision = before.deviceId === null ? undefined : await markStale(tx, before.deviceId);
  const rpkiRevision = before.rpkiDeviceId === null ? undefined : await markStale(tx, before.rpkiDeviceId);
  await changeAllocation(tx, before.id, { prefix: text, deviceRevision, rpkiRevision });
  return [];
}

/** The certificate stays as it is until the device has let go of the rest: then that is withdrawn from it, too. */
async function shrink(work: Work, before: Allocation, wanted: Prefix): Promise<Allocation[]> {
  const { tx } = work;
  const parts = subtract(parsePrefix(before.prefix), wanted).map((prefix) => ({ id: work.newId(), prefix: formatPrefix(prefix) }));
  const deviceRevision = before.deviceId === null ? undefined : await markStale(tx, before.deviceId);
  await changeAllocation(tx, before.id, { prefix: formatPrefix(wanted), deviceRevision });
  await splitOff(tx, before.id, parts);
  return Promise.all(parts.map(({ id }) => reread(work, id)));
}
