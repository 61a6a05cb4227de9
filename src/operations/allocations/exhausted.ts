import { CasmError } from '../../model/errors.js';
import type { Family } from '../../model/prefix.js';
import type { FreeBlockCount } from '../../model/usage.js';

/** The refusal that says what is free instead. @param free of all these pools together, as the asking transaction sees them */
export function exhausted(free: readonly FreeBlockCount[], pools: number, wanted: { family?: Family; length?: number; prefix?: string; region?: unknown }): CasmError {
  const name = wanted.prefix ?? (wanted.length === undefined ? 'prefix of the default length' : `/${wanted.length}${wanted.family === undefined ? '' : ` of ${wanted.family}`}`);
  const largest = free.find((block) => wanted.family === undefined || block.family === wanted.family);
  const instead = largest === undefined ? 'nothing is free there' : `the largest free block is a /${largest.prefixLength} of ${largest.family}`;
  return new CasmError('pool-exhausted', `no free ${name} is left in ${pools === 1 ? 'the pool' : `the ${pools} pools`}${wanted.region === undefined ? '' : ', where the request allows it'}: ${instead}`, { free });
}
