import type { PoolRemains } from '../../model/pool.js';
import type { Work } from '../work.js';
import { changeBranch } from './pool-branch.js';
import type { PoolTurnRequest } from './pool-turn.js';

/**
 * Closes a pool and the pools below it, and drains every allocation in them. Frees nothing: that is for who releases.
 * @throws CasmError `pool-not-found`, `precondition-failed`
 */
export async function retirePool(work: Work, turn: PoolTurnRequest): Promise<PoolRemains> {
  const { remains } = await changeBranch(work, turn, { state: 'retiring', from: ['provisioning', 'active'], to: (_, told) => (told ? 'draining' : 'drained') });
  return remains;
}
