/** Takes within allowed and disallowed prefixes, pure and on a real PostgreSQL, against the oracle that looks at every address. */
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { addFree, giveBack, takeByLength, takeExactly, type TakenPrefix } from '../../src/allocator/free-space.js';
import type { Ask } from '../../src/allocator/placement.js';
import { regionOf } from '../../src/allocator/region.js';
import type { Placement } from '../../src/model/pool.js';
import { contains, familyBits, formatPrefix, overlaps, parsePrefix, prefixAround, prefixLast, type Prefix } from '../../src/model/prefix.js';
import { createDataSource } from '../../src/storage/database.js';
import { Transactions } from '../../src/storage/transactions.js';
import { RawPlan } from '../storage/raw-plan.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { NaiveSpace } from './naive-space.js';
import { PurePool } from './pure-pool.js';
import { placements, smallPlans } from './small-plans.js';

const seed = 20_140_701;
let database: TestDatabase;
let source: DataSource;
let transactions: Transactions;
let plan: RawPlan;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  source = await createDataSource(database.url, 4).initialize();
  transactions = new Transactions(source);
  plan = new RawPlan(database);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

async function poolOf(prefixes: readonly Prefix[]): Promise<string> {
  const texts = prefixes.map(formatPrefix);
  const poolId = await plan.pool(await plan.space(), texts);
  await transactions.write((tx) => addFree(tx, poolId, texts));
  return poolId;
}

const addresses = (prefix: Prefix): Prefix[] =>
  Array.from({ length: Number(prefixLast(prefix) - prefix.first) + 1 }, (_, at) => ({ family: prefix.family, first: prefix.first + BigInt(at), length: familyBits(prefix.family) }));

/** The oracle as it would be if only the region were free. */
function within(oracle: NaiveSpace, allowed: readonly Prefix[] | undefined, disallowed: readonly Prefix[]): NaiveSpace {
  const restricted = new NaiveSpace(oracle.poolPrefixes);
  for (const one of oracle.poolPrefixes.flatMap(addresses)) {
    const open = oracle.isFree(one) && (allowed === undefined || allowed.some((here) => contains(here, one))) && !disallowed.some((here) => contains(here, one));
    if (!open) restricted.take(one);
  }
  return restricted;
}

interface Wish {
  readonly at: number;
  readonly offset: number;
  readonly spare: number;
}
interface Step {
  readonly spare: number;
  readonly placement: Placement;
  readonly family: number;
  readonly allowed: readonly Wish[] | undefined;
  readonly disallowed: readonly Wish[];
  /** Gives one of the held back instead. */
  readonly back: number | undefined;
}

const wish = fc.record({ at: fc.nat(7), offset: fc.nat(63), spare: fc.nat(7) });
const step: fc.Arbitrary<Step> = fc.record({
  spare: fc.nat(4),
  placement: fc.constantFrom(...placements),
  family: fc.nat(7),
  allowed: fc.option(fc.array(wish, { maxLength: 4 }), { nil: undefined }),
  disallowed: fc.array(wish, { maxLength: 4 }),
  back: fc.option(fc.nat(30), { nil: undefined, freq: 3 }),
});

/** Prefixes in, around and beside the pool's own. */
function meant(plans: readonly Prefix[], { at, offset, spare }: Wish): Prefix {
  const whole = plans[at % plans.length] as Prefix;
  const size = prefixLast(whole) - whole.first + 1n;
  return prefixAround(whole.family, whole.first + (BigInt(offset) % size), familyBits(whole.family) - spare);
}

interface Allocator {
  take(ask: Ask): Promise<TakenPrefix | undefined>;
  back(taken: TakenPrefix): Promise<void>;
}

async function follow(prefixes: readonly Prefix[], steps: readonly Step[], allocator: Allocator): Promise<void> {
  const oracle = new NaiveSpace(prefixes);
  const held: TakenPrefix[] = [];
  for (const one of steps) {
    const chosen = one.back === undefined ? undefined : held.splice(one.back % Math.max(1, held.length), 1)[0];
    if (chosen !== undefined) {
      await allocator.back(chosen);
      oracle.giveBack(parsePrefix(chosen.prefix));
      continue;
    }
    const { family } = prefixes[one.family % prefixes.length] as Prefix;
    const length = familyBits(family) - one.spare;
    const allowed = one.allowed?.map((wanted) => meant(prefixes, wanted));
    const disallowed = one.disallowed.map((wanted) => meant(prefixes, wanted));
    const got = await allocator.take({ family, length, placement: one.placement, region: regionOf(family, length, allowed, disallowed) });
    const restricted = within(oracle, allowed, disallowed);
    const says = JSON.stringify({ placement: one.placement, length, allowed: allowed?.map(formatPrefix), disallowed: disallowed.map(formatPrefix), free: oracle.blocks().map(formatPrefix) });
    if (one.placement === 'random') expect(got !== undefined, says).toBe(restricted.hasRoom(family, length));
    else {
      const best = restricted.choose(one.placement, family, length);
      expect(got?.prefix, says).toBe(best && formatPrefix(best));
    }
    if (got === undefined) continue;
    const prefix = parsePrefix(got.prefix);
    expect(prefix.length).toBe(length);
    expect(disallowed.some((hole) => overlaps(hole, prefix)), says).toBe(false);
    expect(allowed === undefined || restricted.isFree(prefix), says).toBe(true);
    oracle.take(prefix);
    held.push(got);
  }
}

describe.each(smallPlans)('$name', ({ prefixes }) => {
  test('what is taken in memory is what the oracle would take if only the region were free', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
        const pool = new PurePool(prefixes);
        await follow(prefixes, steps, {
          take: async (ask) => {
            const [block] = pool.takeByLength([ask]);
            return block && { prefix: formatPrefix(block.prefix), poolPrefix: block.poolPrefix };
          },
          back: async ({ prefix, poolPrefix }) => pool.giveBack([{ prefix: parsePrefix(prefix), poolPrefix }]),
        });
      }),
      { numRuns: 40 },
    );
  });

  test('and so it is in the database', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
        const poolId = await poolOf(prefixes);
        await follow(prefixes, steps, {
          take: async (ask) => (await transactions.write((tx) => takeByLength(tx, poolId, [ask])))[0],
          back: async (taken) => transactions.write((tx) => giveBack(tx, poolId, [taken])),
        });
      }),
      { numRuns: 4, seed },
    );
  });
});

test('asks of several regions in one breath do not get in each other’s way', async () => {
  const whole = parsePrefix('10.0.0.0/24');
  const poolId = await poolOf([whole]);
  const asks: Ask[] = Array.from({ length: 60 }, (_, at) => {
    const allowed = at % 3 === 0 ? undefined : [parsePrefix(at % 3 === 1 ? '10.0.0.64/26' : '10.0.0.128/26')];
    return { family: 'ipv4', length: 32, placement: placements[at % 5], region: regionOf('ipv4', 32, allowed, [parsePrefix('10.0.0.0/28')]) };
  });
  const taken = (await transactions.write((tx) => takeByLength(tx, poolId, asks))).map((one) => parsePrefix(one?.prefix ?? ''));
  expect(new Set(taken.map(formatPrefix)).size).toBe(60);
  taken.forEach((one, at) => expect(one.first >> 4n !== 0x0a00000n && (at % 3 === 0 || (one.first & 0xffn) >> 6n === BigInt(at % 3)), formatPrefix(one)).toBe(true));
});

test('an address in the middle of a thousand blocks is found by a few probes', async () => {
  const poolId = await poolOf([parsePrefix('10.0.0.0/20')]);
  await transactions.write((tx) => takeExactly(tx, poolId, Array.from({ length: 2048 }, (_, at) => ({ family: 'ipv4' as const, first: 0x0a000000n + BigInt(2 * at), length: 32 }))));
  const region = regionOf('ipv4', 32, [parsePrefix('10.0.7.0/28')], [parsePrefix('10.0.7.0/29')]);
  for (const [placement, expected] of [['best-fit', '10.0.7.9/32'], ['last', '10.0.7.15/32'], ['first', '10.0.7.11/32']] as const) {
    const [got] = await transactions.write((tx) => takeByLength(tx, poolId, [{ family: 'ipv4', length: 32, placement, region }]));
    expect(got?.prefix).toBe(expected);
  }
});

test('regions: nothing said is everywhere, other families do not count, pieces too small are left out', () => {
  const texts = (region: readonly Prefix[] | undefined): string[] | undefined => region?.map(formatPrefix);
  expect(regionOf('ipv4', 24, undefined)).toBeUndefined();
  expect(texts(regionOf('ipv4', 24, [parsePrefix('2001:db8::/32')]))).toEqual([]);
  expect(texts(regionOf('ipv4', 24, [parsePrefix('10.0.1.0/24'), parsePrefix('10.0.0.0/24'), parsePrefix('10.0.2.0/25')]))).toEqual(['10.0.0.0/23']);
  expect(texts(regionOf('ipv4', 24, [parsePrefix('10.0.0.0/22')], [parsePrefix('10.0.1.5/32')]))).toEqual(['10.0.0.0/24', '10.0.2.0/23']);
  expect(texts(regionOf('ipv6', 1, undefined, [parsePrefix('::/1')]))).toEqual(['8000::/1']);
});
