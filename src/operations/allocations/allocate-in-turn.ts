/** Several requests in one turn of a pool, by sets: each gets its allocation, or the refusal that is its own. */
import { countFreeBlocks, giveBack, takeByLength, takeExactly, type TakenPrefix } from '../../allocator/free-space.js';
import type { Allocation, AllocationRequest } from '../../model/allocation.js';
import { CasmError } from '../../model/errors.js';
import { holdOf, type Hold } from '../../model/hold.js';
import { deleteAllocations, insertAllocations, type NewAllocation } from '../../storage/allocations.js';
import { enqueueExpiry, enqueueHoldExpiry } from '../../storage/jobs.js';
import type { PoolTurn } from '../../storage/pools.js';
import { claimHold } from '../holds/claim-hold.js';
import type { Tx } from '../../storage/sql.js';
import { notFound } from '../not-found.js';
import { refusal } from '../pools/take-from-parent.js';
import { QuotaLedger, type Charge } from '../quotas/quota-ledger.js';
import type { Work } from '../work.js';
import { exhausted } from './exhausted.js';
import { readRequest, type Wanted } from './read-request.js';
import { Serving } from './serving.js';

export interface AllocationAsk {
  readonly work: Work;
  readonly input: AllocationRequest;
  /** Keep it for the caller until `validUntil` instead: a hold. */
  readonly reserve?: boolean;
  /** What is kept for another who has waited longer. */
  readonly spared?: string;
}

/** A request on its way through the turn. */
interface Ticket extends AllocationAsk {
  wanted?: Wanted;
  block?: TakenPrefix;
  charged?: Charge;
  /** What it takes the place of. */
  hold?: Hold;
  allocation?: Allocation;
  error?: CasmError;
}

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
  return insert(pool, serving, tickets);
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

const open = (tickets: readonly Ticket[]): Ticket[] => tickets.filter((ticket) => ticket.error === undefined);

/** A refusal is the ticket's own; anything else undoes the whole turn. */
function attempt(ticket: Ticket, step: () => unknown): void {
  if (ticket.error !== undefined) return;
  try {
    step();
  } catch (error) {
    if (!(error instanceof CasmError)) throw error;
    ticket.error = error;
  }
}

/** What a hold keeps is taken already; a hold is good for one request. */
async function takeHeldOnes(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
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

async function takeExactOnes(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
  const exact = tickets.flatMap((ticket) => (ticket.wanted !== undefined && 'exact' in ticket.wanted ? [{ ticket, prefix: ticket.wanted.exact }] : []));
  if (exact[0] === undefined) return;
  const { tx } = exact[0].ticket.work;
  const taken = await takeExactly(tx, pool.id, exact.map((one) => one.prefix));
  for (const [at, { ticket, prefix }] of exact.entries()) {
    ticket.block = taken[at];
    if (ticket.block === undefined) ticket.error = await refusal(tx, pool.id, prefix);
  }
}

async function takeOthers(pool: PoolTurn, tickets: readonly Ticket[]): Promise<void> {
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

async function insert(pool: PoolTurn, serving: Serving, tickets: readonly Ticket[]): Promise<(Allocation | CasmError)[]> {
  const revisions = await serving.markStale(open(tickets).map((ticket) => ticket.input));
  const rows = open(tickets).map(({ work, input: request, block, hold, reserve }): NewAllocation => {
    if (block === undefined) throw new Error('a request went through the turn and got nothing');
    const served = revisions(request);
    const state = reserve === true ? 'reserved' : served.deviceRevision === null && served.rpkiRevision === null ? 'active' : 'provisioning';
    return { id: hold?.id ?? work.newId(), heldBy: reserve === true ? work.actor.tokenId : null, spaceId: pool.spaceId, poolId: pool.id, ...block, state, ...served, request };
  });
  const work = tickets[0]?.work;
  const held = open(tickets).flatMap(({ hold }) => (hold === undefined ? [] : [hold.id]));
  if (work !== undefined && held.length > 0) await deleteAllocations(work.tx, held);
  const inserted = work === undefined ? [] : insertAllocations(work.tx, rows, work.now);
  open(tickets).forEach((ticket, at) => (ticket.allocation = inserted[at]));
  for (const ticket of open(tickets)) await tell(ticket);
  return tickets.map((ticket) => ticket.allocation ?? ticket.error ?? new CasmError('internal-error', 'the allocation was not kept'));
}

async function tell({ work, allocation, hold, reserve }: Ticket): Promise<void> {
  if (allocation === undefined) return;
  if (reserve === true) {
    const made = holdOf(allocation);
    await enqueueHoldExpiry(work.tx, made.id, new Date(made.expiresAt));
    return work.audit({ resourceType: 'hold', resourceId: made.id, before: null, after: made });
  }
  if (hold !== undefined) work.audit({ resourceType: 'hold', resourceId: hold.id, before: hold, after: null });
  if (allocation.validUntil !== null) await enqueueExpiry(work.tx, allocation.id, new Date(allocation.validUntil));
  work.audit({ resourceType: 'allocation', resourceId: allocation.id, before: null, after: allocation });
}
