import { addFree } from '../../allocator/free-space.js';
import { defaultPolicy } from '../../model/pool.js';
import { formatPrefix, type Prefix } from '../../model/prefix.js';
import { insertPoolPrefixes } from '../../storage/pool-prefixes.js';
import { findPool, findRootByName, insertPool, lockPool, updatePool } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';

export interface GrownPool {
  readonly poolId: string;
  readonly name: string;
  readonly created: boolean;
  /** How many prefixes were added. */
  readonly prefixes: number;
}

/** Adds prefixes to the root pool of that name, which is created when it is not there yet. */
export async function growRoot(work: Work, spaceId: string, name: string, prefixes: readonly Prefix[]): Promise<GrownPool> {
  const { tx } = work;
  const before = await findRootByName(tx, spaceId, name);
  const id = before?.id ?? work.newId();
  if (before === undefined) {
    await insertPool(tx, { id, spaceId, parentId: null, name, policy: defaultPolicy, labels: { source: 'rir-delegations' } });
  } else {
    await lockPool(tx, id);
    await updatePool(tx, id, before);
  }
  const texts = prefixes.map(formatPrefix);
  await insertPoolPrefixes(tx, { id, spaceId, parentId: null }, texts.map((prefix) => ({ prefix, parentPrefix: null })));
  await addFree(tx, id, texts);
  wakeWaiting(tx, [id]);
  work.audit({ resourceType: 'pool', resourceId: id, before: before ?? null, after: found(await findPool(tx, id), 'pool', id) });
  return { poolId: id, name, created: before === undefined, prefixes: texts.length };
}
