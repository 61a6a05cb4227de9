/** Takes what a child pool needs out of its parent's free space. The caller holds the parent's turn. */
import { countFreeBlocks, giveBack, takeByLength, takeExactly, type TakenPrefix } from '../../allocator/free-space.js';
import { CasmError } from '../../model/errors.js';
import { contains, formatPrefix, parsePrefix, type Family, type Prefix } from '../../model/prefix.js';
import { inTheWay } from '../../storage/allocations.js';
import { poolPrefixes } from '../../storage/pool-prefixes.js';
import type { PoolTurn } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { checkLength } from './check-length.js';

export interface Carve {
  readonly family: Family;
  readonly prefixLength: number;
  readonly count?: number;
}

/** @throws CasmError `prefix-outside-pool`, `prefix-not-free` */
export async function takePrefixes(tx: Tx, poolId: string, prefixes: readonly Prefix[]): Promise<TakenPrefix[]> {
  const taken = await takeExactly(tx, poolId, prefixes);
  const missing = prefixes[taken.indexOf(undefined)];
  if (missing !== undefined) throw await refusal(tx, poolId, missing);
  return taken.filter((one) => one !== undefined);
}

/** @throws CasmError `length-not-allowed`, `pool-exhausted` */
export async function carve(tx: Tx, { id: poolId, policy }: PoolTurn, carves: readonly Carve[]): Promise<TakenPrefix[]> {
  const asks = carves.flatMap(({ family, prefixLength, count }) => {
    checkLength(family, prefixLength);
    return Array.from({ length: count ?? 1 }, () => ({ family, length: prefixLength, placement: policy.placement }));
  });
  const taken = await takeByLength(tx, poolId, asks);
  const missing = asks[taken.indexOf(undefined)];
  if (missing !== undefined) {
    // What is free is what was free before: a part of it alone is of no use.
    await giveBack(tx, poolId, taken.filter((one) => one !== undefined));
    throw new CasmError('pool-exhausted', `the parent has no room for all of it: no free /${missing.length} of ${missing.family} is left`, { free: await countFreeBlocks(tx, [poolId]) });
  }
  return taken.filter((one) => one !== undefined);
}

/** Says why an exact prefix was not to be had. */
export async function refusal(tx: Tx, poolId: string, prefix: Prefix): Promise<CasmError> {
  const text = formatPrefix(prefix);
  const own = await poolPrefixes(tx, poolId);
  if (!own.some((one) => contains(parsePrefix(one.prefix), prefix))) {
    return new CasmError('prefix-outside-pool', `${text} is not inside the pool, which has ${own.length === 0 ? 'no prefix' : summary(own.map((one) => one.prefix))}`, { prefix: text });
  }
  const conflicts = await inTheWay(tx, poolId, text);
  return new CasmError('prefix-not-free', `${text} is not wholly free: ${summary(conflicts)} is in the way`, { prefix: text, conflicts });
}

function summary(prefixes: readonly string[]): string {
  const [first = 'something', second, ...more] = prefixes;
  if (second === undefined) return first;
  return more.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${more.length} more`;
}
