/** How a hold ends without becoming an allocation: let go of, or over. Its space is free at once either way. */
import type { Hold } from '../../model/hold.js';
import { findHold } from '../../storage/holds.js';
import { enqueueHoldExpiries } from '../../storage/jobs.js';
import { lockPool } from '../../storage/pools.js';
import { freeAllocations } from '../allocations/free-allocations.js';
import { found } from '../not-found.js';
import type { Work } from '../work.js';

/** @throws CasmError `hold-not-found` */
export async function deleteHold(work: Work, { holdId }: { holdId: string }): Promise<void> {
  await end(work, found(await inTurn(work, holdId), 'hold', holdId));
}

/** The job of a hold at its time; one that was taken or let go of meanwhile is left alone. */
export async function expireHold(work: Work, { holdId }: { holdId: string }): Promise<void> {
  const hold = await inTurn(work, holdId);
  if (hold === undefined) return;
  const until = new Date(hold.expiresAt);
  if (until > work.now) await enqueueHoldExpiries(work.tx, [{ id: holdId, runAt: until }]);
  else await end(work, hold);
}

/** The hold as it stands once its pool's turn is ours: whoever takes it has that turn, too. */
async function inTurn({ tx }: Work, holdId: string): Promise<Hold | undefined> {
  for (let seen = await findHold(tx, holdId); seen !== undefined; ) {
    await lockPool(tx, seen.hold.poolId);
    const now = await findHold(tx, holdId);
    // Pools split and merge: it may be another one's by now.
    if (now?.hold.poolId === seen.hold.poolId) return now.hold;
    seen = now;
  }
  return undefined;
}

async function end(work: Work, hold: Hold): Promise<void> {
  await freeAllocations(work.tx, hold.poolId, [hold.id]);
  work.audit({ resourceType: 'hold', resourceId: hold.id, before: hold, after: null });
}
