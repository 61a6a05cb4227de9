import { addFree } from '../../allocator/free-space.js';
import { defaultPolicy, mergePolicy, type PolicyRequest, type Pool } from '../../model/pool.js';
import { formatPrefix } from '../../model/prefix.js';
import type { Labels } from '../../model/space.js';
import { insertPoolPrefixes, type PoolPrefix } from '../../storage/pool-prefixes.js';
import { findPool, insertPool, lockPool, type PoolStart } from '../../storage/pools.js';
import { findSpace } from '../../storage/spaces.js';
import { CasmError } from '../../model/errors.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';
import { readPoolPrefixes, refuseSpecialPurpose } from './pool-prefixes.js';
import { requireOpen } from './require-open.js';
import { carve, takePrefixes, type Carve } from './take-from-parent.js';

export interface PoolRequest {
  readonly name: string;
  /** As it was elsewhere: it may then lie in a parent that gives nothing out any more. For imports; no caller can say it. */
  readonly state?: Pool['state'];
  readonly spaceId?: string;
  readonly parentId?: string;
  readonly prefixes?: readonly string[];
  readonly carve?: readonly Carve[];
  readonly policy?: PolicyRequest;
  readonly labels?: Labels;
}

/**
 * A root over prefixes of its own, or a child whose prefixes leave the parent's free space in the same transaction.
 * @throws CasmError `space-not-found`, `parent-not-found`, `name-taken`, `invalid-prefix`, `special-purpose`, `prefix-overlap`,
 * `prefix-outside-pool`, `prefix-not-free`, `pool-exhausted`, `length-not-allowed`
 */
export async function createPool(work: Work, request: PoolRequest): Promise<Pool> {
  const { tx } = work;
  const { start, prefixes } = request.parentId === undefined ? await root(work, request) : await child(work, request, request.parentId);
  await insertPool(tx, start);
  await insertPoolPrefixes(tx, start, prefixes);
  await addFree(tx, start.id, prefixes.map((one) => one.prefix));
  const pool = found(await findPool(tx, start.id), 'pool', start.id);
  work.audit({ resourceType: 'pool', resourceId: pool.id, before: null, after: pool });
  return pool;
}

async function root(work: Work, request: PoolRequest): Promise<{ start: PoolStart; prefixes: PoolPrefix[] }> {
  const spaceId = request.spaceId ?? '';
  found(await findSpace(work.tx, spaceId), 'space', spaceId);
  const policy = mergePolicy(defaultPolicy, request.policy);
  const prefixes = readPoolPrefixes(request.prefixes ?? []);
  if (!policy.allowSpecialPurpose) refuseSpecialPurpose(prefixes);
  return {
    start: { id: work.newId(), spaceId, parentId: null, name: request.name, state: request.state, policy, labels: request.labels ?? {} },
    prefixes: prefixes.map((prefix) => ({ prefix: formatPrefix(prefix), parentPrefix: null })),
  };
}

async function child(work: Work, request: PoolRequest, parentId: string): Promise<{ start: PoolStart; prefixes: PoolPrefix[] }> {
  const parent = await lockPool(work.tx, parentId);
  if (parent === undefined) throw new CasmError('parent-not-found', `there is no pool ${parentId} to be the parent`);
  if (request.state === undefined) requireOpen(parent);
  const policy = mergePolicy(parent.policy, request.policy);
  const taken =
    request.carve === undefined
      ? await takePrefixes(work.tx, parentId, readPoolPrefixes(request.prefixes ?? []))
      : await carve(work.tx, parent, request.carve);
  return {
    start: { id: work.newId(), spaceId: parent.spaceId, parentId, name: request.name, state: request.state, policy, labels: request.labels ?? {} },
    prefixes: taken.map((one) => ({ prefix: one.prefix, parentPrefix: one.poolPrefix })),
  };
}
