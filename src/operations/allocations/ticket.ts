/** A request on its way through the turn of a pool: what it wants, what it has got by now, or why it gets nothing. */
import type { TakenPrefix } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import type { Hold } from '../../model/hold.js';
import type { Charge } from '../quotas/quota-ledger.js';
import type { Work } from '../work.js';
import type { Wanted } from './read-request.js';

export interface AllocationAsk {
  readonly work: Work;
  readonly input: AllocationRequest;
  /** Keep it for the caller until `validUntil` instead: a hold. */
  readonly reserve?: boolean;
  /** What is kept for another who has waited longer. */
  readonly spared?: string;
}

export interface Ticket extends AllocationAsk {
  wanted?: Wanted;
  block?: TakenPrefix;
  charged?: Charge;
  /** What it takes the place of. */
  hold?: Hold;
  allocation?: Allocation;
  error?: CasmError;
}

/** Those that have not been refused. */
export const open = (tickets: readonly Ticket[]): Ticket[] => tickets.filter((ticket) => ticket.error === undefined);

/** A refusal is the ticket's own; anything else undoes the whole turn. */
export function attempt(ticket: Ticket, step: () => unknown): void {
  if (ticket.error !== undefined) return;
  try {
    step();
  } catch (error) {
    if (!(error instanceof CasmError)) throw error;
    ticket.error = error;
  }
}
