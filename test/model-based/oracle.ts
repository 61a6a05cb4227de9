/** The promise of every verb, and of batches of them: all or nothing, or each for itself, in their order. */
import type { BatchRequest } from '../../src/operations/batches/batch.js';
import * as allocations from './allocation-promises.js';
import { serve } from './breath-promises.js';
import * as devices from './device-promises.js';
import * as layout from './layout-promises.js';
import * as pools from './pool-promises.js';
import { imagine, isRefused, type Asked, type Oracle, type Promised } from './promise.js';
import * as quotas from './quota-promises.js';
import * as requests from './request-promises.js';
import { cancelWaitingRequest, serveQueue, sparedFrom } from './waiting-promises.js';
import type { World } from './world.js';

const oracles: Readonly<Record<string, Oracle<never>>> = {
  createPool: pools.createPool,
  updatePool: pools.updatePool,
  deletePool: pools.deletePool,
  allocatePrefix: requests.allocatePrefix,
  allocateSet: requests.allocateSet,
  createHold: requests.createHold,
  deleteHold: allocations.deleteHold,
  cancelWaitingRequest,
  drainAllocation: allocations.drainAllocation,
  activateAllocation: allocations.activateAllocation,
  updateAllocation: allocations.updateAllocation,
  releaseAllocation: allocations.releaseAllocation,
  releaseQuarantine: allocations.releaseQuarantine,
  resizeAllocation: layout.resizeAllocation,
  moveAllocation: layout.moveAllocation,
  splitPool: layout.splitPool,
  mergePools: layout.mergePools,
  createQuota: quotas.createQuota,
  updateQuota: quotas.updateQuota,
  deleteQuota: quotas.deleteQuota,
  createDevice: devices.createDevice,
  deleteDevice: devices.deleteDevice,
  pullDocument: devices.pullDocument,
  acknowledgeDocument: devices.acknowledgeDocument,
  reportUsage: devices.reportUsage,
  runBatch: (world: World, request: BatchRequest) => runBatch(world, request),
};

export function promiseOf(world: World, { operation, input }: Asked): Promised {
  const oracle = oracles[operation];
  if (oracle === undefined) throw new Error(`nothing is promised of ${operation}`);
  return oracle(world, input as never);
}

function runBatch(world: World, { mode, items }: BatchRequest): Promised {
  const promised = follow(world.clone(), items, imagine);
  if (mode === 'atomic' && promised.some(isRefused)) return { refused: 'batch-failed' };
  return {
    done: { outcomes: promised.map((one) => (isRefused(one) ? { refused: { code: one.refused } } : one.done === undefined ? {} : { done: one.done })) },
    keep: (world, done) => {
      const { outcomes } = done as { outcomes: readonly { done?: unknown }[] };
      follow(world, items, (_, at) => outcomes[at]?.done);
    },
  };
}

/** Item by item; neighbours that allocate are served in one breath, as requests that arrive together are. */
function follow(world: World, items: readonly Asked[], answer: (done: unknown, at: number) => unknown): Promised[] {
  const promised: Promised[] = [];
  const settle = (one: Promised, at: number): void => {
    promised[at] = one;
    if (!isRefused(one)) one.keep(world, answer(one.done, at));
  };
  for (let at = 0; at < items.length; at = promised.length) {
    const run = runFrom(items, at);
    if (run.length > 1) togetherByPool(world, run, (one, index) => settle(one, at + index));
    else settle(promiseOf(world, items[at] as Asked), at);
  }
  return promised;
}

interface NamedPool {
  readonly poolId?: string;
}

function runFrom(items: readonly Asked[], from: number): readonly Asked[] {
  const inRun = ({ operation, input }: Asked): boolean => operation === 'allocatePrefix' && (input as NamedPool).poolId !== undefined;
  const end = items.findIndex((item, at) => at >= from && !inRun(item));
  return items.slice(from, end === -1 ? items.length : end);
}

function togetherByPool(world: World, run: readonly Asked[], settle: (one: Promised, at: number) => void): void {
  for (const [poolId, group] of Map.groupBy(run.entries(), ([, { input }]) => (input as NamedPool).poolId ?? '')) {
    serveQueue(world, poolId);
    const promised = serve(world, poolId, group.map(([, { input }]) => input as never), { spared: sparedFrom(world, poolId) });
    promised.forEach((one, index) => settle(one, group[index]?.[0] ?? 0));
  }
}
