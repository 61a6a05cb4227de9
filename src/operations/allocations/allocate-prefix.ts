import { takeByLength, takeExactly, countFreeBlocks, poolsWithRoom, type TakenPrefix } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { lengthToAllocate } from '../../model/pool.js';
import { parsePrefix, type Family, type Prefix } from '../../model/prefix.js';
import { insertAllocation } from '../../storage/allocations.js';
import { markStale } from '../../storage/deliveries.js';
import { enqueueExpiry } from '../../storage/jobs.js';
import { lockPool, poolPrefixes, selectPools, type PoolTurn } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { familyOf } from '../pools/family-of.js';
import { refuse } from '../pools/take-from-parent.js';
import type { Work } from '../work.js';
import { parentCaFor, servingDevice } from './serving-devices.js';

interface Taken {
  readonly pool: PoolTurn;
  readonly block: TakenPrefix;
}

/**
 * Takes a prefix for a holder and marks the devices that serve it stale, in one transaction.
 * @throws CasmError `pool-not-found`, `pool-exhausted`, `length-not-allowed`, `invalid-prefix`, `prefix-outside-pool`, `prefix-not-free`,
 * `device-not-found`, `device-unsuitable`, `certification-refused`, `invalid-request`
 */
export async function allocatePrefix(work: Work, request: AllocationRequest): Promise<Allocation> {
  if (request.validUntil !== undefined && !(new Date(request.validUntil) > work.now)) {
    throw new CasmError('invalid-request', `validUntil ${request.validUntil} is not in the future`, { errors: [{ in: 'body', pointer: '/validUntil', detail: 'must be in the future' }] });
  }
  const { pool, block } = await take(work, request);
  const device = request.deviceId === undefined ? undefined : await servingDevice(work.tx, request.deviceId, pool.spaceId);
  const parentCa = request.certify === true ? await parentCaFor(work.tx, pool.spaceId, parsePrefix(block.prefix)) : undefined;
  const deviceRevision = device === undefined ? null : await markStale(work.tx, device.id);
  const rpkiRevision = parentCa === undefined ? null : await markStale(work.tx, parentCa.id);
  const allocation = await insertAllocation(work.tx, {
    id: work.newId(),
    spaceId: pool.spaceId,
    poolId: pool.id,
    poolPrefix: block.poolPrefix,
    prefix: block.prefix,
    state: deviceRevision === null && rpkiRevision === null ? 'active' : 'provisioning',
    deviceId: device?.id ?? null,
    rpkiDeviceId: parentCa?.id ?? null,
    deviceRevision,
    rpkiRevision,
    request,
  });
  if (request.validUntil !== undefined) await enqueueExpiry(work.tx, allocation.id, new Date(request.validUntil));
  work.audit({ resourceType: 'allocation', resourceId: allocation.id, before: null, after: allocation });
  return allocation;
}

async function take(work: Work, request: AllocationRequest): Promise<Taken> {
  const exact = request.prefix === undefined ? undefined : parsePrefix(request.prefix);
  if (request.poolId !== undefined) {
    const pool = found(await lockPool(work.tx, request.poolId), 'pool', request.poolId);
    const block = exact === undefined ? await takeLength(work, pool, request) : await takeExact(work, pool, exact);
    if (block !== undefined) return { pool, block };
    if (exact !== undefined) await refuse(work.tx, pool.id, exact);
    throw await exhausted(work, request, [pool.id]);
  }
  return takeSelected(work, request, exact);
}

/** From the first that gives: one that is full, gone by now or of a policy that does not fit is passed by. */
async function takeSelected(work: Work, request: AllocationRequest, exact: Prefix | undefined): Promise<Taken> {
  const { all, roomy } = await selected(work, request, exact);
  const unfit: CasmError[] = [];
  for (const id of roomy) {
    const pool = await lockPool(work.tx, id);
    if (pool === undefined) continue;
    try {
      const block = exact === undefined ? await takeLength(work, pool, request) : await takeExact(work, pool, exact);
      if (block !== undefined) return { pool, block };
    } catch (error) {
      if (!(error instanceof CasmError) || error.code !== 'length-not-allowed') throw error;
      unfit.push(error);
    }
  }
  const [first] = unfit;
  throw first !== undefined && unfit.length === all.length ? first : await exhausted(work, request, all);
}

/** Pools that match the selector, by name, and those of them that seem to have room. When none seems to, each is tried. */
async function selected(work: Work, request: AllocationRequest, exact: Prefix | undefined): Promise<{ all: string[]; roomy: string[] }> {
  const selector = request.poolSelector ?? { labels: {} };
  const all = await selectPools(work.tx, selector);
  if (all.length === 0) throw new CasmError('pool-not-found', `no pool has all of the labels ${JSON.stringify(selector.labels)}`);
  const family = exact?.family ?? request.family;
  const length = exact?.length ?? request.prefixLength;
  const roomy = await poolsWithRoom(work.tx, all, family, length);
  return { all, roomy: roomy.length === 0 ? all : roomy };
}

async function takeLength(work: Work, pool: PoolTurn, request: AllocationRequest): Promise<TakenPrefix | undefined> {
  const family = await familyFor(work, pool, request.family);
  const length = lengthToAllocate(pool.policy, family, request.prefixLength);
  const [block] = await takeByLength(work.tx, pool.id, [{ family, length }]);
  return block;
}

async function familyFor(work: Work, pool: PoolTurn, asked: Family | undefined): Promise<Family> {
  if (asked !== undefined) return asked;
  return familyOf(undefined, (await poolPrefixes(work.tx, pool.id)).map((one) => one.prefix));
}

async function takeExact(work: Work, pool: PoolTurn, prefix: Prefix): Promise<TakenPrefix | undefined> {
  lengthToAllocate(pool.policy, prefix.family, prefix.length);
  const [block] = await takeExactly(work.tx, pool.id, [prefix]);
  return block;
}

async function exhausted(work: Work, request: AllocationRequest, poolIds: readonly string[]): Promise<CasmError> {
  const free = await countFreeBlocks(work.tx, poolIds);
  const wanted = request.prefix ?? (request.prefixLength === undefined ? 'prefix of the default length' : `/${request.prefixLength}`);
  const largest = free.find((block) => request.family === undefined || block.family === request.family);
  const instead = largest === undefined ? 'nothing is free there' : `the largest free block is a /${largest.prefixLength} of ${largest.family}`;
  return new CasmError('pool-exhausted', `no free ${wanted} is left in ${poolIds.length === 1 ? 'the pool' : `the ${poolIds.length} pools`}: ${instead}`, { free });
}
