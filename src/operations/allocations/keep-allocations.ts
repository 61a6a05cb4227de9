/** What tickets have got becomes allocations, or holds; whoever serves them is told, and the audit. */
import type { Allocation } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { holdOf } from '../../model/hold.js';
import { deleteAllocations, insertAllocations, type NewAllocation } from '../../storage/allocations.js';
import { enqueueExpiries, enqueueHoldExpiries } from '../../storage/jobs.js';
import type { PoolTurn } from '../../storage/pools.js';
import { later, type Tx } from '../../storage/sql.js';
import type { Serving } from './serving.js';
import { open, type Ticket } from './ticket.js';

/** @returns for each ticket in order its allocation, or its refusal */
export async function keepAllocations(tx: Tx, pool: PoolTurn, serving: Serving, tickets: readonly Ticket[]): Promise<(Allocation | CasmError)[]> {
  const served = open(tickets);
  const revisions = await serving.markStale(served.map((ticket) => ticket.input));
  const rows = served.map(({ work, input: request, block, hold, reserve }): NewAllocation => {
    if (block === undefined) throw new Error('a request went through the turn and got nothing');
    const told = revisions(request);
    const state = reserve === true ? 'reserved' : told.deviceRevision === null && told.rpkiRevision === null ? 'active' : 'provisioning';
    return { id: hold?.id ?? work.newId(), heldBy: reserve === true ? work.actor.tokenId : null, spaceId: pool.spaceId, poolId: pool.id, ...block, state, ...told, request };
  });
  const held = served.flatMap(({ hold }) => (hold === undefined ? [] : [hold.id]));
  if (held.length > 0) await deleteAllocations(tx, held);
  const inserted = served[0] === undefined ? [] : insertAllocations(tx, rows, served[0].work.now);
  for (const [at, ticket] of served.entries()) {
    ticket.allocation = inserted[at];
    tell(ticket);
  }
  enqueueExpiriesOf(tx, served);
  return tickets.map((ticket) => ticket.allocation ?? ticket.error ?? new CasmError('internal-error', 'the allocation was not kept'));
}

function tell({ work, allocation, hold, reserve }: Ticket): void {
  if (allocation === undefined) return;
  if (reserve === true) return work.audit({ resourceType: 'hold', resourceId: allocation.id, before: null, after: holdOf(allocation) });
  if (hold !== undefined) work.audit({ resourceType: 'hold', resourceId: hold.id, before: hold, after: null });
  work.audit({ resourceType: 'allocation', resourceId: allocation.id, before: null, after: allocation });
}

function enqueueExpiriesOf(tx: Tx, tickets: readonly Ticket[]): void {
  const expiries = (reserved: boolean) =>
    tickets.flatMap(({ allocation, reserve }) => (allocation?.validUntil == null || (reserve === true) !== reserved ? [] : [{ id: allocation.id, runAt: new Date(allocation.validUntil) }]));
  later(tx, enqueueExpiries(tx, expiries(false)));
  later(tx, enqueueHoldExpiries(tx, expiries(true)));
}
