/** Several releases in one transaction, by sets: each gets the state reached, or the refusal that is its own. */
import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { withdrawAllocations } from '../../storage/allocation-evidence.js';
import { deleteRested, quarantineAllocations } from '../../storage/allocation-quarantine.js';
import { findAllocations, lockAllocations } from '../../storage/allocations.js';
import { lockDeliveries, markStale } from '../../storage/deliveries.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import { lockPools } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { notFound } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';
import { returnToPool } from './free-allocations.js';

export interface Release {
  readonly allocationId: string;
  readonly ifMatch?: string;
}

interface ReleaseAsk {
  readonly work: Work;
  readonly input: Release;
}

/** @param asks of one transaction, no two for the same allocation. The results are in their order. */
export async function releaseTogether(asks: readonly ReleaseAsk[]): Promise<(Allocation | CasmError)[]> {
  const tx = asks[0]?.work.tx;
  if (tx === undefined) return [];
  const ids = asks.map(({ input }) => input.allocationId);
  // Turns in the order everyone takes them: pools, devices, parent CAs, then the allocations themselves.
  const seen = [...(await findAllocations(tx, ids)).values()];
  await lockPools(tx, unique(seen.filter((one) => holderOf(one) === null).map((one) => one.poolId)));
  await lockDeliveries(tx, unique(seen.flatMap((one) => one.deviceId ?? [])));
  await lockDeliveries(tx, unique(seen.flatMap((one) => (one.deviceId === null ? (one.rpkiDeviceId ?? []) : []))));
  const before = await lockAllocations(tx, ids);
  // Those that went to another pool while we waited: should that end in a deadlock, the whole is done again.
  const held = new Map(seen.map((one) => [one.id, one.poolId]));
  await lockPools(tx, unique([...before.values()].flatMap((one) => (holderOf(one) === null && held.get(one.id) !== one.poolId ? [one.poolId] : []))));
  return releaseLocked(tx, asks, before);
}

/** As releaseTogether, of what was seen in this pool and to be in nobody's hands: its turns are sent for at once. */
export async function releaseFromPool(poolId: string, asks: readonly ReleaseAsk[]): Promise<(Allocation | CasmError)[]> {
  const tx = asks[0]?.work.tx;
  if (tx === undefined) return [];
  const [, before] = await Promise.all([lockPools(tx, [poolId]), lockAllocations(tx, asks.map(({ input }) => input.allocationId))]);
  const stillThere = [...before.values()].every((one) => one.poolId === poolId && holderOf(one) === null);
  return stillThere ? releaseLocked(tx, asks, before) : releaseTogether(asks);
}

async function releaseLocked(tx: Tx, asks: readonly ReleaseAsk[], before: ReadonlyMap<string, Allocation>): Promise<(Allocation | CasmError)[]> {
  const judged = asks.map(({ input }) => judge(input, before.get(input.allocationId)));
  const leaving = judged.filter((one): one is Allocation => !(one instanceof CasmError) && !onItsWay(one));
  const after = await release(tx, leaving);
  return judged.map((one, at) => {
    if (one instanceof CasmError || onItsWay(one)) return one;
    const reached = after.get(one.id) ?? notFound('allocation', one.id);
    if (!(reached instanceof CasmError)) asks[at]?.work.audit({ resourceType: 'allocation', resourceId: one.id, before: one, after: reached });
    return reached;
  });
}

const unique = (ids: readonly string[]): string[] => [...new Set(ids)].sort();
const holderOf = ({ deviceId, rpkiDeviceId }: Allocation): string | null => deviceId ?? rpkiDeviceId;
const onItsWay = ({ state }: Allocation): boolean => state === 'withdrawing' || state === 'quarantined';

function judge({ allocationId, ifMatch }: Release, allocation: Allocation | undefined): Allocation | CasmError {
  if (allocation === undefined) return notFound('allocation', allocationId);
  try {
    checkVersion(ifMatch, allocation.version);
    return allocation;
  } catch (error) {
    if (error instanceof CasmError) return error;
    throw error;
  }
}

async function release(tx: Tx, leaving: readonly Allocation[]): Promise<Map<string, Allocation>> {
  const freed = await rest(tx, leaving.filter((one) => holderOf(one) === null));
  for (const holder of unique(leaving.flatMap((one) => one.deviceId ?? []))) await withdraw(tx, holder, leaving.filter((one) => one.deviceId === holder), true);
  const certified = leaving.filter((one) => one.deviceId === null);
  for (const holder of unique(certified.flatMap((one) => one.rpkiDeviceId ?? []))) await withdraw(tx, holder, certified.filter((one) => one.rpkiDeviceId === holder), false);
  const stay = await findAllocations(tx, leaving.flatMap(({ id }) => (freed.has(id) ? [] : [id])));
  return new Map([...freed, ...stay]);
}

/** Its holder learns that they are to go in one revision. */
async function withdraw(tx: Tx, holder: string, allocations: readonly Allocation[], byDevice: boolean): Promise<void> {
  const revision = await markStale(tx, holder);
  await withdrawAllocations(tx, allocations.map(({ id }) => id), { device: byDevice ? revision : null, rpki: byDevice ? null : revision });
}

/** Into quarantine, and out of it at once where the pool has none. The turns of the pools are held. @returns those that are free */
async function rest(tx: Tx, allocations: readonly Allocation[]): Promise<Map<string, Allocation>> {
  if (allocations.length === 0) return new Map();
  const ids = allocations.map(({ id }) => id);
  // One behind the other on the connection: they come to rest, are looked at, and those that have rested enough go.
  const [resting, seen, gone] = await Promise.all([quarantineAllocations(tx, ids), findAllocations(tx, ids), deleteRested(tx, ids)]);
  for (const poolId of unique(resting.map((one) => one.poolId))) {
    await returnToPool(tx, poolId, gone.filter((one) => one.poolId === poolId));
    const leaves = resting.filter((one) => one.poolId === poolId && one.until > one.at).map((one) => one.leaves.getTime());
    if (leaves.length > 0) await enqueueReturnOfSpace(tx, poolId, new Date(Math.min(...leaves)));
  }
  const free = gone.flatMap(({ id }) => seen.get(id) ?? []);
  return new Map(free.map((one) => [one.id, { ...one, state: 'free', waitingFor: [], quarantinedUntil: null }]));
}
