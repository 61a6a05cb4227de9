/** The turns of a batch: all of them before its first step, in the order everyone takes them. */
import type { PoolSelector } from '../../model/allocation.js';
import { selectPools } from '../../storage/pools.js';
import { lockQuotas } from '../../storage/quotas.js';
import { lockTurns } from '../../storage/turns.js';
import type { Work } from '../work.js';
import type { Step } from './runs.js';

/** Of whatever is named or selected. @returns the quotas held */
export async function takeTurns({ tx }: Work, steps: readonly Step[]): Promise<string[]> {
  const named = requestsOf(steps);
  const selectors = new Map(named.flatMap(({ poolSelector }) => (poolSelector === undefined ? [] : [[JSON.stringify(poolSelector), poolSelector as PoolSelector]])));
  const selected: string[] = [];
  for (const selector of selectors.values()) selected.push(...(await selectPools(tx, selector)));
  const resized = steps.filter(({ operation }) => operation === 'resizeAllocation').map(({ input }) => input);
  const quotas = await lockQuotas(tx, textsOf(named, 'holder'), [...textsOf(named, 'poolId'), ...selected], textsOf(resized, 'allocationId'));
  const poolIds = [...textsOf(named, 'poolId', 'parentId', 'poolIds'), ...selected];
  await lockTurns(tx, { poolIds, deviceIds: textsOf(named, 'deviceId'), allocationIds: textsOf(named, 'allocationId', 'holdId') });
  return quotas;
}

type Named = Readonly<Record<string, unknown>>;

/** What names pools, devices and allocations: the inputs, and the requests of a set among them. */
function requestsOf(steps: readonly Step[]): Named[] {
  return steps.flatMap(({ operation, input }) => [input, ...(operation === 'allocateSet' ? (input['items'] as { request: Named }[]).map(({ request }) => request) : [])]);
}

/** Every text under these names, once. */
function textsOf(named: readonly Named[], ...names: readonly string[]): string[] {
  const texts = named.flatMap((one) => names.flatMap((name) => one[name]).filter((value) => typeof value === 'string'));
  return [...new Set(texts)];
}
