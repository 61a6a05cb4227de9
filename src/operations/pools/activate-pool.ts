import type { PoolRemains } from '../../model/pool.js';
import { wakeWaiting } from '../waiting/wake-waiting.js';
import type { Work } from '../work.js';
import { changeBranch } from './pool-branch.js';
import type { PoolTurnRequest } from './pool-turn.js';

/**
 * Opens a pool and the pools below it again, and activates what drains or is drained in them.
 * @throws CasmError `pool-not-found`, `precondition-failed`
 */
export async function activatePool(work: Work, turn: PoolTurnRequest): Promise<PoolRemains> {
  const { poolIds, remains } = await changeBranch(work, turn, {
    state: 'active',
    from: ['draining', 'drained'],
    to: ({ waitingFor }, told) => (told || waitingFor.includes('certificate') ? 'provisioning' : 'active'),
  });
  wakeWaiting(work.tx, poolIds);
  return remains;
}
