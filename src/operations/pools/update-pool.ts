import { addFree, giveBack, whollyFree } from '../../allocator/free-space.js';
import { CasmError } from '../../model/errors.js';
import { mergePolicy, type Policy, type PolicyRequest, type Pool } from '../../model/pool.js';
import { formatPrefix, type Prefix } from '../../model/prefix.js';
import type { Labels } from '../../model/space.js';
import { enqueueReturnOfSpace } from '../../storage/jobs.js';
import { deletePoolPrefixes, insertPoolPrefixes, poolPrefixes } from '../../storage/pool-prefixes.js';
import * as pools from '../../storage/pools.js';
import { found } from '../not-found.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';
import { readPoolPrefixes, refuseSpecialPurpose } from './pool-prefixes.js';
import { getPool } from './get-pool.js';
import { takePoolTurn } from './pool-turn.js';
import { requireOpen } from './require-open.js';
import { takePrefixes } from './take-from-parent.js';

export interface PoolUpdate {
  readonly poolId: string;
  readonly ifMatch?: string;
  readonly name?: string;
  readonly prefixes?: readonly string[];
  readonly policy?: PolicyRequest;
  readonly labels?: Labels;
}

/**
 * What is not named stays. `prefixes` is the whole new list.
 * @throws CasmError `pool-not-found`, `precondition-failed`, `name-taken`, `pool-in-use`, and what createPool throws for prefixes
 */
export async function updatePool(work: Work, update: PoolUpdate): Promise<Pool> {
  const { tx } = work;
  const before = await takePoolTurn(work, update);
  const policy = mergePolicy(before.policy, update.policy);
  // A lower cap is for what rests already, too.
  if (update.policy?.quarantineMaxAddresses !== undefined) await enqueueReturnOfSpace(tx, before.id, work.now);
  await pools.updatePool(tx, before.id, { name: update.name ?? before.name, policy, labels: update.labels ?? before.labels });
  if (update.prefixes !== undefined) await changePrefixes(work, before, policy, readPoolPrefixes(update.prefixes));
  const after = found(await pools.findPool(tx, before.id), 'pool', before.id);
  work.audit({ resourceType: 'pool', resourceId: after.id, before, after });
  return after;
}

async function changePrefixes({ tx }: Work, pool: Pool, policy: Policy, wanted: readonly Prefix[]): Promise<void> {
  const kept = new Set(wanted.map(formatPrefix));
  const removed = (await poolPrefixes(tx, pool.id)).filter((one) => !kept.has(one.prefix));
  const added = wanted.filter((prefix) => !pool.prefixes.includes(formatPrefix(prefix)));
  const free = await whollyFree(tx, pool.id, removed.map((one) => one.prefix));
  const conflicts = removed.map((one) => one.prefix).filter((prefix) => !free.includes(prefix));
  if (conflicts.length > 0) {
    throw new CasmError('pool-in-use', `the pool still uses parts of ${conflicts.join(', ')}: a prefix leaves a pool only when it is wholly free`, { conflicts });
  }
  await deletePoolPrefixes(tx, pool.id, removed.map((one) => one.prefix));
  if (pool.parentId !== null) {
    await giveBack(tx, pool.parentId, removed.map((one) => ({ prefix: one.prefix, poolPrefix: one.parentPrefix ?? one.prefix })));
  }
  if (pool.parentId !== null && added.length > 0) requireOpen(await getPool(tx, { poolId: pool.parentId }));
  const arrived = pool.parentId === null ? asRoot(policy, added) : await takePrefixes(tx, pool.parentId, added);
  await insertPoolPrefixes(tx, pool, arrived.map((one) => ({ prefix: one.prefix, parentPrefix: pool.parentId === null ? null : one.poolPrefix })));
  await addFree(tx, pool.id, arrived.map((one) => one.prefix));
  wakeWaiting(tx, [pool.id, ...(pool.parentId === null ? [] : [pool.parentId])]);
}

function asRoot(policy: Policy, prefixes: readonly Prefix[]): { prefix: string; poolPrefix: string }[] {
  if (!policy.allowSpecialPurpose) refuseSpecialPurpose(prefixes);
  return prefixes.map((prefix) => ({ prefix: formatPrefix(prefix), poolPrefix: formatPrefix(prefix) }));
}
