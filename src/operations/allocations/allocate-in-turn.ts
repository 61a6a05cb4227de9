/** Several requests in one turn of a pool, by sets: each gets its allocation, or the refusal that is its own. */
import { giveBack } from '../../allocator/free-space.js';
import type { Allocation } from '../../model/allocation.js';
import type { CasmError } from '../../model/errors.js';
import type { PoolTurn } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { QuotaLedger } from '../quotas/quota-ledger.js';
import { keepAllocations } from './keep-allocations.js';
import { readRequest } from './read-request.js';
import { Serving } from './serving.js';
import { takeExactOnes, takeHeldOnes, takeOthers } from './take-blocks.js';
import { attempt, open, type AllocationAsk, type Ticket } from './ticket.js';

/** All asks share one transaction, which holds the turns of the pool and of the quotas. The results are in the order of the asks. */
export async function allocateInTurn(pool: PoolTurn, quotas: readonly string[], asks: readonly AllocationAsk[]): Promise<(Allocation | CasmError)[]> {
  const tx = asks[0]?.work.tx;
  if (tx === undefined) return [];
  const tickets: Ticket[] = asks.map((ask) => ({ ...ask }));
  for (const ticket of tickets) attempt(ticket, () => (ticket.wanted = readRequest(ticket.work, pool, ticket.input, ticket.spared)));
  const serving = await Serving.load(tx, pool.spaceId, tickets.map((ticket) => ticket.input));
  for (const ticket of tickets) attempt(ticket, () => serving.checkDevice(ticket.input));
  await takeHeldOnes(pool, open(tickets));
  const ledger = await QuotaLedger.open(tx, quotas, pool.spaceId);
  // What one is refused in the end may be what another was refused for want of: then the others try again.
  for (let round = open(tickets); round.length > 0; round = againAfter(round, await take(tx, pool, serving, ledger, round)));
  return keepAllocations(tx, pool, serving, tickets);
}

/** What was taken or charged for nothing, and is to be had again. */
interface Returned {
  readonly blocks: boolean;
  readonly holders: ReadonlySet<string>;
}

async function take(tx: Tx, pool: PoolTurn, serving: Serving, ledger: QuotaLedger, tickets: readonly Ticket[]): Promise<Returned> {
  for (const ticket of tickets) attempt(ticket, () => charge(ledger, ticket));
  await takeExactOnes(pool, open(tickets));
  await takeOthers(pool, open(tickets));
  for (const ticket of open(tickets)) attempt(ticket, () => serving.checkCertifiable(ticket.input, ticket.block?.prefix ?? ''));
  const failed = tickets.filter((ticket) => ticket.error !== undefined);
  const charged = failed.filter((ticket) => ticket.charged !== undefined);
  for (const { charged: units, work } of charged) if (units !== undefined) ledger.refund(work, units);
  const blocks = failed.flatMap(({ block, hold }) => (block !== undefined && hold === undefined ? [block] : []));
  if (blocks.length > 0) await giveBack(tx, pool.id, blocks);
  return { blocks: blocks.length > 0, holders: new Set(charged.map((ticket) => ticket.input.holder)) };
}

/** Each round settles one at the least that the next has not. */
function againAfter(tickets: readonly Ticket[], { blocks, holders }: Returned): Ticket[] {
  const again = tickets.filter(({ error, input }) => {
    if (error?.code === 'pool-exhausted' || error?.code === 'prefix-not-free') return blocks;
    return error?.code === 'quota-exceeded' && holders.has(input.holder);
  });
  for (const ticket of again) Object.assign(ticket, { error: undefined, charged: undefined });
  return again;
}

/** What a hold keeps has been charged to its holder already. */
function charge(ledger: QuotaLedger, ticket: Ticket): void {
  const { wanted, work, input } = ticket;
  if (wanted === undefined || 'hold' in wanted || !ledger.bounds(input.holder)) return;
  const { family, length } = 'exact' in wanted ? wanted.exact : wanted.ask;
  const units = { holder: input.holder, family, length };
  ledger.charge(work, units);
  ticket.charged = units;
}
