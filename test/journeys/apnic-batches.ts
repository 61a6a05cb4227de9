/** A hundred thousand requests as an orchestrator would bring them: in atomic batches of a thousand, a pool at a time. */
import { expect } from 'vitest';
import { familyBits, parsePrefix, type Family } from '../../src/model/prefix.js';
import type { components } from '../../src/contract/northbound.generated.js';
import type { Api } from '../support/api.js';

type Pool = components['schemas']['Pool'];

export const batchSize = 1_000;

/** Those that have room for a few batches of each kind asked for here. */
export function roomyPools(pools: readonly Pool[]): { id: string; ipv6: boolean }[] {
  return pools.filter((pool) => addresses(pool, 'ipv4') >= 2n ** 21n).map((pool) => ({ id: pool.id, ipv6: addresses(pool, 'ipv6') >= 2n ** 100n }));
}

function addresses({ prefixes }: Pool, family: Family): bigint {
  const own = prefixes.map(parsePrefix).filter((prefix) => prefix.family === family);
  return own.reduce((sum, { length }) => sum + (1n << BigInt(familyBits(family) - length)), 0n);
}

/** Lengths mixed, a third of them IPv6 where the pool has that. */
export function allocationItems({ id, ipv6 }: { id: string; ipv6: boolean }, batch: number): object[] {
  return Array.from({ length: batchSize }, (_, at) => {
    const wanted = ipv6 && at % 3 === 0 ? { family: 'ipv6', prefixLength: 48 + ((at + batch) % 17) } : { family: 'ipv4', prefixLength: 24 + ((at + batch) % 9) };
    return { operation: 'allocatePrefix', body: { poolId: id, ...wanted, holder: `customer-${at % 97}`, service: 'internet' } };
  });
}

export const releaseItems = (ids: readonly string[]): object[] => ids.map((allocationId) => ({ operation: 'releaseAllocation', path: { allocationId } }));

/** @returns what became of each item, in order; a batch of which one item is refused fails the test */
export async function runBatch(api: Api, items: readonly object[]): Promise<{ id: string; prefix: string; state: string }[]> {
  const { results } = await api.expect(200, 'POST', '/v1/batches', { body: { mode: 'atomic', items } });
  expect(results).toHaveLength(items.length);
  return results.map((one: { body: { id: string; prefix: string; state: string } }) => one.body);
}

/** The same for the same numbers: each as likely to be anywhere (Fisher and Yates). */
export function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const order = [...all];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other] as T, order[at] as T];
  }
  return order;
}
