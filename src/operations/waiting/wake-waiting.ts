/** Says that space may have come back: whoever waits for it is served by a job of the same commit. */
import { enqueueServing } from '../../storage/jobs.js';
import { later, type Tx } from '../../storage/sql.js';
import { awaitedPools } from '../../storage/waiting-queues.js';

/** By whoever gives space to pools, in the same transaction and holding their turns. Costs one probe when nobody waits. */
export function wakeWaiting(tx: Tx, poolIds: readonly string[]): void {
  if (poolIds.length > 0) later(tx, enqueueServing(tx, poolIds));
}

/** By whoever lets a holder have more. */
export async function wakeWaitingOf(tx: Tx, holder: string): Promise<void> {
  wakeWaiting(tx, await awaitedPools(tx, holder));
}
