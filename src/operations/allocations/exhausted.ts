import { countFreeBlocks } from '../../allocator/free-space.js';
import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';
import type { Tx } from '../../storage/sql.js';

/** The refusal that says what is free instead. A look at the pools as the asking transaction sees them. */
export async function exhausted(tx: Tx, poolIds: readonly string[], wanted: { family?: Family; length?: number; prefix?: string; region?: unknown }): Promise<CasmError> {
  const free = await countFreeBlocks(tx, poolIds);
  const name = wanted.prefix ?? (wanted.length === undefined ? 'prefix of the default length' : `/${wanted.length}${wanted.family === undefined ? '' : ` of ${wanted.family}`}`);
  const largest = free.find((block) => wanted.family === undefined || block.family === wanted.family);
  const instead = largest === undefined ? 'nothing is free there' : `the largest free block is a /${largest.prefixLength} of ${largest.family}`;
  return new CasmError('pool-exhausted', `no free ${name} is left in ${poolIds.length === 1 ? 'the pool' : `the ${poolIds.length} pools`}${wanted.region === undefined ? '' : ', where the request allows it'}: ${instead}`, { free });
}
