/** The allocator on a real PostgreSQL, step by step against the oracle: what is stored is what is free, always. */
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { addFree, countFreeBlocks, freePrefixes, giveBack, poolsWithRoom, takeByLength, takeExactly, whollyFree, type TakenPrefix } from '../../src/allocator/free-space.js';
import type { Ask } from '../../src/allocator/placement.js';
import type { Placement } from '../../src/model/pool.js';
import { comparePrefixes, familyBits, formatPrefix, parsePrefix, prefixAround, type Family, type Prefix } from '../../src/model/prefix.js';
import { createDataSource } from '../../src/storage/database.js';
import { Transactions } from '../../src/storage/transactions.js';
import { RawPlan } from '../storage/raw-plan.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { NaiveSpace } from './naive-space.js';
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

async function poolOf(prefixes: readonly string[]): Promise<string> {
  const poolId = await plan.pool(await plan.space(), prefixes);
  await transactions.write((tx) => addFree(tx, poolId, prefixes));
  return poolId;
}

/** What is stored, in the order of addresses by our own arithmetic and not by the database's. */
async function stored(poolId: string): Promise<string[]> {
  const found = await database.query<{ prefix: string }>('select prefix::text from free_blocks where pool_id = $1', [poolId]);
  return found.map((row) => parsePrefix(row.prefix)).sort(comparePrefixes).map(formatPrefix);
}

const blocksOf = (oracle: NaiveSpace): string[] => oracle.blocks().map(formatPrefix);
const textOf = (taken: TakenPrefix | undefined): string | undefined => taken?.prefix;

type Step = { kind: 'length'; asks: { family: Family; spare: number; placement?: Placement }[] } | { kind: 'exact'; wishes: { at: number; offset: number; spare: number }[] } | { kind: 'back'; picks: number[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('length' as const), asks: fc.array(fc.record({ family: fc.constantFrom<Family>('ipv4', 'ipv6'), spare: fc.integer({ min: 0, max: 6 }), placement: fc.constantFrom(undefined, ...placements) }), { minLength: 1, maxLength: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('exact' as const), wishes: fc.array(fc.record({ at: fc.nat(7), offset: fc.nat(63), spare: fc.nat(6) }), { minLength: 1, maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('back' as const), picks: fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }) }) },
);

describe.each(smallPlans)('$name', ({ prefixes }) => {
  test('random takes and give-backs leave exactly what the oracle says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const poolId = await poolOf(prefixes.map(formatPrefix));
        const oracle = new NaiveSpace(prefixes);
        let held: TakenPrefix[] = [];
        for (const one of steps) {
          held = await apply(one, poolId, oracle, held);
          expect(await stored(poolId), JSON.stringify(one)).toEqual(blocksOf(oracle));
        }
        await transactions.write((tx) => giveBack(tx, poolId, held));
        expect(await stored(poolId)).toEqual(prefixes.toSorted(comparePrefixes).map(formatPrefix));
      }),
      { numRuns: 4, seed },
    );
  });
});

async function apply(step: Step, poolId: string, oracle: NaiveSpace, held: TakenPrefix[]): Promise<TakenPrefix[]> {
  if (step.kind === 'back') {
    const chosen = new Set(held.length === 0 ? [] : step.picks.map((pick) => held[pick % held.length] as TakenPrefix));
    await transactions.write((tx) => giveBack(tx, poolId, [...chosen]));
    for (const one of chosen) oracle.giveBack(parsePrefix(one.prefix));
    return held.filter((one) => !chosen.has(one));
  }
  const taken = step.kind === 'length' ? await byLength(step, poolId, oracle) : await exactly(step, poolId, oracle);
  return [...held, ...taken.filter((one) => one !== undefined)];
}

async function byLength({ asks: wanted }: Extract<Step, { kind: 'length' }>, poolId: string, oracle: NaiveSpace): Promise<(TakenPrefix | undefined)[]> {
  const asks: Ask[] = wanted.map(({ family, spare, placement }) => ({ family, length: familyBits(family) - spare, placement }));
  const taken = await transactions.write((tx) => takeByLength(tx, poolId, asks));
  asks.forEach((ask, at) => {
    const { family, length, placement = 'best-fit' } = ask;
    const got = taken[at];
    const best = placement === 'random' ? undefined : oracle.choose(placement, family, length);
    if (placement === 'random') expect(got !== undefined, JSON.stringify(ask)).toBe(oracle.hasRoom(family, length));
    else expect(textOf(got), JSON.stringify(ask)).toBe(best && formatPrefix(best));
    if (got === undefined) return;
    expect(parsePrefix(got.prefix)).toMatchObject({ family, length });
    oracle.take(parsePrefix(got.prefix));
  });
  return taken;
}

async function exactly({ wishes }: Extract<Step, { kind: 'exact' }>, poolId: string, oracle: NaiveSpace): Promise<(TakenPrefix | undefined)[]> {
  const wanted = wishes.map(({ at, offset, spare }) => {
    const whole = oracle.poolPrefixes[at % oracle.poolPrefixes.length] as Prefix;
    const bits = familyBits(whole.family);
    return prefixAround(whole.family, whole.first + BigInt(offset % 2 ** (bits - whole.length)), Math.max(bits - spare, whole.length));
  });
  const taken = await transactions.write((tx) => takeExactly(tx, poolId, wanted));
  wanted.forEach((prefix, at) => {
    expect(textOf(taken[at])).toBe(oracle.isFree(prefix) ? formatPrefix(prefix) : undefined);
    if (taken[at] !== undefined) oracle.take(prefix);
  });
  return taken;
}

test('many asks of mixed lengths at once are served as if one after the other', async () => {
  const prefixes = ['9.0.0.0/26', '10.0.0.0/27', '2a0e:b100::/122'].map(parsePrefix);
  const poolId = await poolOf(prefixes.map(formatPrefix));
  const oracle = new NaiveSpace(prefixes);
  // Every second address of the /26 is taken first: many small blocks stand in the way of the larger asks.
  const scattered = Array.from({ length: 32 }, (_, at) => parsePrefix(`9.0.0.${2 * at}/32`));
  await transactions.write((tx) => takeExactly(tx, poolId, scattered));
  scattered.forEach((one) => oracle.take(one));
  const asks = Array.from({ length: 40 }, (_, at): { family: Family; spare: number } => ({ family: at % 5 === 0 ? 'ipv6' : 'ipv4', spare: at % 4 === 0 ? 2 : 0 }));
  const taken = await byLength({ kind: 'length', asks }, poolId, oracle);
  expect(taken.filter((one) => one !== undefined)).toHaveLength(new Set(taken.filter((one) => one !== undefined).map(textOf)).size);
  expect(await stored(poolId)).toEqual(blocksOf(oracle));
});

test('free prefixes are listed in the order in which they are handed out, and counted', async () => {
  const poolId = await poolOf(['9.0.0.0/28', '10.0.0.0/28', '100.0.0.0/28']);
  await transactions.write((tx) => takeExactly(tx, poolId, [parsePrefix('10.0.0.0/30'), parsePrefix('100.0.0.0/29')]));
  const listed = await transactions.snapshot((tx) => freePrefixes(tx, poolId, 'ipv4', 30, 100));
  expect(listed.items).toEqual(['10.0.0.4/30', '10.0.0.8/30', '10.0.0.12/30', '100.0.0.8/30', '100.0.0.12/30', '9.0.0.0/30', '9.0.0.4/30', '9.0.0.8/30', '9.0.0.12/30']);
  expect(listed.count).toBe('9');
  const handedOut: (string | undefined)[] = [];
  for (const _ of listed.items) handedOut.push(...(await transactions.write((tx) => takeByLength(tx, poolId, [{ family: 'ipv4', length: 30 }]))).map(textOf));
  expect(handedOut).toEqual(listed.items);
  expect(await stored(poolId)).toEqual([]);
});

test('counts are exact where a number of JSON is not', async () => {
  const poolId = await poolOf(['2a0e:b100::/32', '2a0e:b102::/31']);
  await transactions.write((tx) => takeExactly(tx, poolId, [parsePrefix('2a0e:b100::/128')]));
  const { count, items } = await transactions.snapshot((tx) => freePrefixes(tx, poolId, 'ipv6', 128, 2));
  expect(count).toBe(String(3n * 2n ** 96n - 1n));
  expect(items).toEqual(['2a0e:b100::1/128', '2a0e:b100::2/128']);
  const blocks = await transactions.snapshot((tx) => countFreeBlocks(tx, [poolId]));
  expect(blocks.map((block) => block.prefixLength)).toEqual([31, ...Array.from({ length: 96 }, (_, at) => 33 + at)]);
  expect(blocks.every((block) => block.count === '1' && block.family === 'ipv6')).toBe(true);
});

test('only whole pool prefixes are wholly free, and room is looked for by family and length', async () => {
  const [first, second] = [await poolOf(['10.0.0.0/28', '10.0.1.0/28']), await poolOf(['2a0e:b100::/64'])];
  await transactions.write((tx) => takeByLength(tx, first, [{ family: 'ipv4', length: 32 }]));
  expect(await transactions.snapshot((tx) => whollyFree(tx, first, ['10.0.0.0/28', '10.0.1.0/28', '10.0.0.8/29']))).toEqual(['10.0.1.0/28']);
  const room = (family: Family | undefined, length: number | undefined): Promise<string[]> => transactions.snapshot((tx) => poolsWithRoom(tx, [second, first], family, length));
  expect(await room('ipv4', 28)).toEqual([first]);
  expect(await room('ipv4', 27)).toEqual([]);
  expect(await room('ipv6', 64)).toEqual([second]);
  expect(await room(undefined, undefined)).toEqual([second, first]);
  expect(await room(undefined, 28)).toEqual([first]);
});

test('a pool with thousands of children takes, lists and takes back as a small one does', async () => {
  const poolId = await poolOf(['10.0.0.0/16']);
  const asks: Ask[] = Array.from({ length: 4_000 }, (_, at) => ({ family: 'ipv4', length: at % 3 === 0 ? 29 : 30 }));
  const taken = (await transactions.write((tx) => takeByLength(tx, poolId, asks))).filter((one) => one !== undefined);
  expect(new Set(taken.map(textOf)).size).toBe(4_000);
  const sizes = taken.reduce((sum, one) => sum + 2 ** (32 - parsePrefix(one.prefix).length), 0);
  expect(await stored(poolId)).toEqual(blocksLeft(sizes));
  const odd = taken.filter((_, at) => at % 2 === 1);
  await transactions.write((tx) => giveBack(tx, poolId, odd));
  const refilled = await transactions.write((tx) => takeExactly(tx, poolId, odd.map((one) => parsePrefix(one.prefix))));
  expect(refilled.map(textOf)).toEqual(odd.map(textOf));
  await transactions.write((tx) => giveBack(tx, poolId, taken));
  expect(await stored(poolId)).toEqual(['10.0.0.0/16']);
}, 60_000);

/** Best fit with two neighbouring lengths leaves no hole: what is free is the end of the pool prefix. */
function blocksLeft(used: number): string[] {
  const oracle: string[] = [];
  let at = BigInt(used) + (10n << 24n);
  const end = (10n << 24n) + 65_536n;
  while (at < end) {
    let length = 32;
    while (prefixAround('ipv4', at, length - 1).first === at && at + (1n << BigInt(33 - length)) <= end) length -= 1;
    oracle.push(formatPrefix({ family: 'ipv4', first: at, length }));
    at += 1n << BigInt(32 - length);
  }
  return oracle;
}
