import type { AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { findHold, type KeptHold } from '../../storage/holds.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';

/**
 * Whether a request may have what the hold keeps. The caller has the pool's turn, without which no hold ends: so it cannot
 * expire between this answer and the allocation.
 * @throws CasmError `hold-not-found`, `hold-expired`, `forbidden` for another caller, `invalid-request` for another holder
 */
export async function claimHold(work: Work, holdId: string, { holder }: Pick<AllocationRequest, 'holder'>): Promise<KeptHold> {
  const kept = found(await findHold(work.tx, holdId), 'hold', holdId);
  if (kept.heldBy !== work.actor.tokenId) throw new CasmError('forbidden', `the hold ${holdId} was made by another caller: only that one can take it`);
  if (kept.hold.holder !== holder) {
    throw new CasmError('invalid-request', `the hold ${holdId} was made for another holder`, { errors: [{ in: 'body', pointer: '/holder', detail: 'must be the holder of the hold' }] });
  }
  if (!(new Date(kept.hold.expiresAt) > work.now)) throw new CasmError('hold-expired', `the hold ${holdId} ended at ${kept.hold.expiresAt}: make another one`, { prefix: kept.hold.prefix });
  return kept;
}
