import { CasmError } from '../../model/errors.js';
import type { Pool } from '../../model/pool.js';
import { aggregate, comparePrefixes, contains, familyBits, formatPrefix, parsePrefix, samePrefix, subtract, type Prefix } from '../../model/prefix.js';
import type { Labels } from '../../model/space.js';
import type { Tile } from '../../storage/pool-layout.js';
import { poolPrefixes } from '../../storage/pool-prefixes.js';
import { findPool, insertPool, touchPool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { requireOpen } from './require-open.js';
import { layOut, type Moves } from './lay-out.js';
import { readPoolPrefixes } from './pool-prefixes.js';
import { takePoolTurn, type PoolTurnRequest } from './pool-turn.js';

export interface Part {
  readonly name: string;
  readonly prefixes: readonly string[];
  /** The pool's own unless given. */
  readonly labels?: Labels;
}

export interface SplitResult {
  readonly pool: Pool;
  readonly created: readonly Pool[];
  readonly moved: Moves;
}

/** So many pools at most come of one split. */
const mostParts = 256;

/**
 * Parts of a pool become pools beside it, with the allocations and children that lie in them; the rest stays. Or all of it is
 * cut into prefixes of one length: the first stays, each other becomes a pool that is named after it.
 * @throws CasmError `pool-not-found`, `precondition-failed`, `prefix-outside-pool`, `prefix-overlap`, `pool-in-use` when a cut
 * would go through something, `length-not-allowed`, `pool-retiring`, `pool-unsuitable` when nothing would stay, `name-taken`, `invalid-prefix`
 */
export async function splitPool(work: Work, split: PoolTurnRequest & { parts?: readonly Part[]; prefixLength?: number }): Promise<SplitResult> {
  const { tx } = work;
  const before = await takePoolTurn(work, split);
  requireOpen(before);
  const parts = split.parts ?? partsOfLength(before, split.prefixLength ?? 0);
  const asked = parts.map((part) => part.prefixes.map(parsePrefix));
  const leaving = readPoolPrefixes(parts.flatMap((part) => part.prefixes));
  const own = await poolPrefixes(tx, before.id);
  for (const prefix of leaving) {
    if (own.some((one) => contains(parsePrefix(one.prefix), prefix))) continue;
    throw new CasmError('prefix-outside-pool', `${formatPrefix(prefix)} is not inside the pool, which has ${before.prefixes.join(', ')}`, { prefix: formatPrefix(prefix) });
  }
  const created = parts.map((part) => ({ id: work.newId(), spaceId: before.spaceId, parentId: before.parentId, name: part.name, policy: before.policy, labels: part.labels ?? before.labels }));
  for (const pool of created) await insertPool(tx, pool);
  const touched = own.filter((one) => leaving.some((prefix) => contains(parsePrefix(one.prefix), prefix)));
  const tiles = touched.flatMap(({ prefix: text, parentPrefix }): Tile[] => {
    const whole = parsePrefix(text);
    const tile = (poolId: string, prefix: Prefix): Tile => ({ poolId, prefix: formatPrefix(prefix), parentPrefix });
    const gone = created.flatMap((pool, at) => (asked[at] ?? []).filter((prefix) => contains(whole, prefix)).map((prefix) => tile(pool.id, prefix)));
    return [...gone, ...without(whole, gone.map((one) => parsePrefix(one.prefix))).map((prefix) => tile(before.id, prefix))];
  });
  if (touched.length === own.length && !tiles.some((tile) => tile.poolId === before.id)) {
    throw new CasmError('pool-unsuitable', 'nothing of the pool would stay: leave out a part, or rename the pool');
  }
  const moved = await layOut(work, before, touched.map(({ prefix }) => ({ poolId: before.id, prefix })), tiles);
  await touchPool(tx, before.id);
  const pool = found(await findPool(tx, before.id), 'pool', before.id);
  work.audit({ resourceType: 'pool', resourceId: pool.id, before, after: pool });
  const made: Pool[] = [];
  for (const { id } of created) {
    const one = found(await findPool(tx, id), 'pool', id);
    work.audit({ resourceType: 'pool', resourceId: id, before: null, after: one });
    made.push(one);
  }
  return { pool, created: made, moved };
}

/** What is left of the whole, as few prefixes as can be. */
function without(whole: Prefix, gone: readonly Prefix[]): Prefix[] {
  let rest = [whole];
  for (const one of gone) rest = rest.flatMap((prefix) => (contains(prefix, one) ? subtract(prefix, one) : [prefix])).filter((prefix) => !samePrefix(prefix, one));
  return aggregate(rest);
}

/** @throws CasmError `length-not-allowed` */
function partsOfLength(pool: Pool, length: number): Part[] {
  const prefixes = pool.prefixes.map(parsePrefix);
  const tooLong = prefixes.find(({ family }) => length > familyBits(family));
  if (tooLong !== undefined) {
    throw new CasmError('length-not-allowed', `${formatPrefix(tooLong)} cannot be cut into /${length}, which is no length of ${tooLong.family}: name the parts instead`, { allowed: [`/0 to /${familyBits(tooLong.family)}`], prefix: formatPrefix(tooLong) });
  }
  const longer = prefixes.filter((prefix) => prefix.length < length);
  const count = longer.reduce((sum, prefix) => sum + 2 ** (length - prefix.length), 0);
  if (count === 0 || count > mostParts) {
    throw new CasmError('length-not-allowed', `/${length} would make ${count} prefixes of ${pool.prefixes.join(', ')}: a split makes 2 to ${mostParts}`, { allowed: [`2 to ${mostParts} prefixes`] });
  }
  const [, ...rest] = longer.flatMap((prefix) => cut(prefix, length)).sort(comparePrefixes);
  return rest.map((prefix) => ({ name: `${pool.name} ${formatPrefix(prefix)}`.slice(-200), prefixes: [formatPrefix(prefix)] }));
}

function cut(prefix: Prefix, length: number): Prefix[] {
  if (prefix.length === length) return [prefix];
  const half = { ...prefix, length: prefix.length + 1 };
  return [half, ...subtract(prefix, half)].flatMap((one) => cut(one, length));
}
