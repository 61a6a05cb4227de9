/** What tickets want, taken out of a pool by sets: what holds keep, exact prefixes, and then any of a length. */
import { countFreeBlocks, takeByLength, takeExactly } from '../../allocator/free-space.js';
import type { PoolTurn } from '../../storage/pools.js';
import { claimHold } from '../holds/claim-hold.js';
import { notFound } from '../not-found.js';
import { refusal } from '../pools/take-from-parent.js';
import { exhausted } from './exhausted.js';
import { attempt, type Ticket } from './ticket.js';

/** What a hold keeps is taken already; a hold is good for one request. */
export async function takeHeldOnes(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
  const claimed = new Set<string>();
  for (const ticket of tickets) {
    const { wanted, work, input } = ticket;
    if (wanted === undefined || !('hold' in wanted)) continue;
    const claim = await claimHold(work, wanted.hold, input).catch((error: unknown) => ({ error }));
    attempt(ticket, () => {
      if ('error' in claim) throw claim.error;
      const { hold, poolPrefix } = claim;
      if (claimed.has(hold.id) || hold.poolId !== pool.id) throw notFound('hold', hold.id);
      claimed.add(hold.id);
      Object.assign(ticket, { hold, block: { prefix: hold.prefix, poolPrefix } });
    });
  }
}

export async function takeExactOnes(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
  const exact = tickets.flatMap((ticket) => (ticket.wanted !== undefined && 'exact' in ticket.wanted ? [{ ticket, prefix: ticket.wanted.exact }] : []));
  if (exact[0] === undefined) return;
  const { tx } = exact[0].ticket.work;
  const taken = await takeExactly(tx, pool.id, exact.map((one) => one.prefix));
  for (const [at, { ticket, prefix }] of exact.entries()) {
    ticket.block = taken[at];
    if (ticket.block === undefined) ticket.error = await refusal(tx, pool.id, prefix);
  }
}

export async function takeOthers(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
  const asked = tickets.flatMap((ticket) => (ticket.wanted !== undefined && 'ask' in ticket.wanted ? [{ ticket, ask: ticket.wanted.ask }] : []));
  if (asked[0] === undefined) return;
  const { tx } = asked[0].ticket.work;
  const taken = await takeByLength(tx, pool.id, asked.map((one) => one.ask));
  asked.forEach(({ ticket }, at) => (ticket.block = taken[at]));
  const refused = asked.filter(({ ticket }) => ticket.block === undefined);
  // Counted once, whoever is refused: in a pool of many blocks, or where many wait, that is what takes long.
  const free = refused.length === 0 ? [] : await countFreeBlocks(tx, [pool.id]);
  for (const { ticket, ask } of refused) ticket.error = exhausted(free, 1, ask);
}
