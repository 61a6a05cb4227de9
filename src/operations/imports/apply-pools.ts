import { CasmError } from '../../model/errors.js';
import { readPath, type PoolRecord } from '../../model/exchange.js';
import { poolsByPath } from '../../storage/exchange.js';
import { tentatively } from '../../storage/savepoint.js';
import { lockTurns } from '../../storage/turns.js';
import { createPool } from '../pools/create-pool.js';
import type { Work } from '../work.js';

/** Creates each pool under the parent its path names, in order. @returns for each why it was refused, or undefined */
export async function applyPools(work: Work, spaceId: string, records: readonly PoolRecord[]): Promise<(CasmError | undefined)[]> {
  const parents = new Map(records.map(({ path }) => [parentOf(path), readPath(parentOf(path))]));
  const known = await poolsByPath(work.tx, spaceId, parents);
  await lockTurns(work.tx, { poolIds: [...known.values()], deviceIds: [], allocationIds: [] });
  const refusals: (CasmError | undefined)[] = [];
  for (const record of records) refusals.push(await create(work, spaceId, record, known));
  return refusals;
}

/** Of a root it is the empty path. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

async function create(work: Work, spaceId: string, { path, prefixes, state, policy, labels }: PoolRecord, known: Map<string, string>): Promise<CasmError | undefined> {
  const name = readPath(path).at(-1) ?? '';
  const parent = parentOf(path);
  const parentId = known.get(parent);
  if (parent !== '' && parentId === undefined) return new CasmError('parent-not-found', `there is no pool ${parent} to be the parent`);
  const entries: Parameters<Work['audit']>[0][] = [];
  const request = { name, prefixes, ...(parentId === undefined ? { spaceId } : { parentId }), state: state ?? undefined, policy: policy ?? undefined, labels: labels ?? undefined };
  try {
    const pool = await tentatively(work.tx, () => createPool({ ...work, audit: (entry) => entries.push(entry) }, request));
    known.set(path, pool.id);
    for (const entry of entries) work.audit(entry);
    return undefined;
  } catch (error) {
    if (error instanceof CasmError) return error;
    throw error;
  }
}
