/**
 * The order of a queue, whatever happens: random requests, releases and cancellations against what the rule says. Who is
 * first gets all it can; nobody of one length is served before another of that length who stands before; nothing that one
 * who waits could have is left lying; and the first keeps its block.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Allocation, AllocationRequest } from '../../../src/model/allocation.js';
import { contains, overlaps, parsePrefix, type Prefix } from '../../../src/model/prefix.js';
import { isWaiting } from '../../../src/model/waiting-request.js';
import { allocateOrWait } from '../../../src/operations/allocations/allocate-or-wait.js';
import { releaseAllocation } from '../../../src/operations/allocations/release-allocation.js';
import { Hall } from '../../../src/operations/hall.js';
import { checkIntegrity } from '../../../src/operations/integrity/check-integrity.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { cancelWaitingRequest } from '../../../src/operations/waiting/end-waiting.js';
import { serveWaiting } from '../../../src/operations/waiting/serve-waiting.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let source: DataSource;
let hall: Hall;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  source = await createDataSource(database.url, 2).initialize();
  hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

type Step = { readonly ask: number; readonly priority: number } | { readonly release: number } | { readonly cancel: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ ask: fc.constantFrom(28, 29, 30, 31, 32), priority: fc.constantFrom(0, 4, 4, 9) }) },
  { weight: 4, arbitrary: fc.record({ release: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ cancel: fc.nat() }) },
);

interface Place {
  readonly id: string;
  readonly length: number;
  readonly priority: number;
  readonly arrival: bigint;
  readonly kept: Prefix;
}

async function queueOf(poolId: string): Promise<Place[]> {
  const found = await database.query<{ id: string; length: number; priority: number; arrival: string; kept: string }>(
    `select id, (request ->> 'prefixLength')::int as length, priority, arrival, kept::text from waiting_requests
     where state = 'waiting' and pool_ids @> array[$1::uuid] order by priority desc, arrival`,
    [poolId],
  );
  return found.map((one) => ({ ...one, arrival: BigInt(one.arrival), kept: parsePrefix(one.kept) }));
}

async function freeOf(poolId: string): Promise<Prefix[]> {
  return (await database.query<{ prefix: string }>('select prefix::text from free_blocks where pool_id = $1', [poolId])).map((one) => parsePrefix(one.prefix));
}

/** Whether a prefix of that length is to be had outside of what is kept. */
function fits(free: readonly Prefix[], length: number, kept?: Prefix): boolean {
  return free.some((block) => {
    if (block.length > length) return false;
    if (kept === undefined || !overlaps(block, kept)) return true;
    // A free block around the kept one has room beside it for anything that is no larger than the other half.
    return contains(block, kept) && kept.length > block.length && length > block.length;
  });
}

async function play(poolId: string, steps: readonly Step[]): Promise<void> {
  const held: Allocation[] = [];
  for (const one of steps) {
    const before = await queueOf(poolId);
    if ('ask' in one) {
      const free = await freeOf(poolId);
      const input: AllocationRequest = { poolId, family: 'ipv4', prefixLength: one.ask, holder: 'h', service: 's', wait: { seconds: 3_600, priority: one.priority } };
      const outcome = await hall.act('allocatePrefix', allocateOrWait, input);
      const [head] = before;
      const kept = head !== undefined && one.priority <= head.priority ? head.kept : undefined;
      expect(isWaiting(outcome), `a /${one.ask} of priority ${one.priority} waits`).toBe(!fits(free, one.ask, kept));
      if (!isWaiting(outcome)) held.push(outcome);
    } else if ('release' in one) {
      const [gone] = held.splice(one.release % Math.max(held.length, 1), 1);
      if (gone !== undefined) await hall.act('releaseAllocation', releaseAllocation, { allocationId: gone.id });
    } else {
      const gone = before[one.cancel % Math.max(before.length, 1)];
      if (gone !== undefined) await hall.act('cancelWaitingRequest', cancelWaitingRequest, { waitingRequestId: gone.id });
    }
    await hall.act('serveWaiting', serveWaiting, { poolId });
    const served = await servedSince(poolId, held);
    const after = await queueOf(poolId);
    const head = before[0]?.id === after[0]?.id ? after[0] : undefined;
    for (const { prefix } of served) expect(head !== undefined && overlaps(parsePrefix(prefix), head.kept), `${prefix} is kept for the first`).toBe(false);
    held.push(...served);
    checkQueue(before, after, await freeOf(poolId), 'cancel' in one);
  }
}

async function servedSince(poolId: string, held: readonly Allocation[]): Promise<Allocation[]> {
  const known = held.map(({ id }) => id);
  return database.query<Allocation>('select id, prefix::text from allocations where pool_id = $1 and id <> all($2::uuid[])', [poolId, known]);
}

function checkQueue(before: readonly Place[], after: readonly Place[], free: readonly Prefix[], cancelled: boolean): void {
  const [head, ...others] = after;
  if (head !== undefined) expect(fits(free, head.length), `the first waits for a /${head.length}`).toBe(false);
  for (const other of others) expect(fits(free, other.length, head?.kept), `a /${other.length} waits beside what is kept for the first`).toBe(false);
  if (cancelled) return;
  const still = new Set(after.map(({ id }) => id));
  for (const [at, one] of before.entries()) {
    if (still.has(one.id)) continue;
    const passed = before.slice(0, at).find((earlier) => still.has(earlier.id) && earlier.length === one.length);
    expect(passed, `a /${one.length} was served before one that stood before it`).toBeUndefined();
  }
}

test('the queue of a pool keeps its order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
      const pool = await hall.act('createPool', createPool, { spaceId: space.id, name: 'pool', prefixes: ['45.96.0.0/28'] });
      await play(pool.id, steps);
      expect((await hall.read(checkIntegrity, undefined)).findings).toEqual([]);
    }),
    { numRuns: 20, seed: 20_260_301 },
  );
}, 120_000);
