/** The pure allocator against the oracle, by random sequences of takes and give-backs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FreeBlock } from '../../src/allocator/free-block.js';
import type { Placement } from '../../src/model/pool.js';
import { contains, familyBits, formatPrefix, parsePrefix, prefixAround, type Family, type Prefix } from '../../src/model/prefix.js';
import { NaiveSpace } from './naive-space.js';
import { PurePool } from './pure-pool.js';
import { placements, smallPlans } from './small-plans.js';

/** A plain generator of the same numbers for the same seed (a linear congruence of 32 bits). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

interface Model {
  readonly oracle: NaiveSpace;
  held: FreeBlock[];
}
type Command = fc.Command<Model, PurePool>;

const texts = (prefixes: readonly Prefix[]): string[] => prefixes.map(formatPrefix);

/** What must be so after every step: the stored blocks are exactly the maximal free ones. */
function checkTiling({ oracle }: Model, pool: PurePool): void {
  expect(texts(pool.blocks())).toEqual(texts(oracle.blocks()));
}

function hold(model: Model, block: FreeBlock): void {
  model.oracle.take(block.prefix);
  model.held.push(block);
  expect(contains(parsePrefix(block.poolPrefix), block.prefix)).toBe(true);
  expect(texts(model.oracle.poolPrefixes)).toContain(block.poolPrefix);
}

class TakeByLength implements Command {
  constructor(
    private readonly asks: readonly { family: Family; spare: number; placement?: Placement }[],
    private readonly seed: number,
  ) {}
  check = (): boolean => true;
  run(model: Model, pool: PurePool): void {
    const asks = this.asks.map(({ family, spare, placement }) => ({ family, length: familyBits(family) - spare, placement }));
    const taken = pool.takeByLength(asks, randomFrom(this.seed));
    expect(taken).toHaveLength(asks.length);
    asks.forEach(({ family, length, placement = 'best-fit' }, at) => {
      const got = taken[at];
      if (placement === 'random') {
        expect(got !== undefined, this.toString()).toBe(model.oracle.hasRoom(family, length));
        if (got !== undefined) expect([got.prefix.family, got.prefix.length]).toEqual([family, length]);
      } else {
        const best = model.oracle.choose(placement, family, length);
        expect(got && formatPrefix(got.prefix), this.toString()).toBe(best && formatPrefix(best));
      }
      if (got !== undefined) hold(model, got);
    });
    checkTiling(model, pool);
  }
  toString = (): string => `take ${this.asks.map(({ family, spare, placement }) => `${placement} ${family}/-${spare}`).join(' ')}`;
}

class TakeExactly implements Command {
  constructor(private readonly wishes: readonly { at: number; offset: number; spare: number }[]) {}
  check = (): boolean => true;
  run(model: Model, pool: PurePool): void {
    const wanted = this.wishes.map(({ at, offset, spare }) => {
      const whole = model.oracle.poolPrefixes[at % model.oracle.poolPrefixes.length] as Prefix;
      const bits = familyBits(whole.family);
      return prefixAround(whole.family, whole.first + BigInt(offset % 2 ** (bits - whole.length)), bits - spare);
    });
    const taken = pool.takeExactly(wanted);
    wanted.forEach((prefix, at) => {
      const got = taken[at];
      const free = model.oracle.isFree(prefix) && model.oracle.poolPrefixes.some((whole) => contains(whole, prefix));
      expect(got && formatPrefix(got.prefix), this.toString()).toBe(free ? formatPrefix(prefix) : undefined);
      if (got !== undefined) hold(model, got);
    });
    checkTiling(model, pool);
  }
  toString = (): string => `take exactly ${JSON.stringify(this.wishes)}`;
}

class GiveBack implements Command {
  constructor(private readonly picks: readonly number[]) {}
  check = (model: Readonly<Model>): boolean => model.held.length > 0;
  run(model: Model, pool: PurePool): void {
    const chosen = new Set(this.picks.map((pick) => model.held[pick % model.held.length] as FreeBlock));
    pool.giveBack([...chosen]);
    for (const block of chosen) model.oracle.giveBack(block.prefix);
    model.held = model.held.filter((block) => !chosen.has(block));
    checkTiling(model, pool);
  }
  toString = (): string => `give back ${this.picks.join(' ')}`;
}

const spare = fc.integer({ min: 0, max: 6 });
const ask = fc.record({ family: fc.constantFrom<Family>('ipv4', 'ipv6'), spare, placement: fc.constantFrom(undefined, ...placements) });
const commands = fc.commands(
  [
    fc.tuple(fc.array(ask, { minLength: 1, maxLength: 6 }), fc.nat()).map(([asks, seed]) => new TakeByLength(asks, seed)),
    fc.array(fc.record({ at: fc.nat(7), offset: fc.nat(63), spare: fc.integer({ min: 0, max: 8 }) }), { minLength: 1, maxLength: 4 }).map((wishes) => new TakeExactly(wishes)),
    fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }).map((picks) => new GiveBack(picks)),
  ],
  { maxCommands: 40 },
);

describe.each(smallPlans)('$name', ({ prefixes }) => {
  test('takes are where their placement says, or exact, blocks tile what is free, and all given back is the whole again', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        const model: Model = { oracle: new NaiveSpace(prefixes), held: [] };
        const pool = new PurePool(prefixes);
        fc.modelRun(() => ({ model, real: pool }), steps);
        pool.giveBack(model.held);
        expect(texts(pool.blocks()).toSorted()).toEqual(texts(prefixes).toSorted());
      }),
      { numRuns: 60 },
    );
  });
});

test('a prefix as large as its pool prefix is taken whole and comes back whole', () => {
  const whole = parsePrefix('::/0');
  const pool = new PurePool([whole]);
  const [all] = pool.takeByLength([{ family: 'ipv6', length: 0 }]);
  expect(all?.prefix).toEqual(whole);
  expect(pool.takeByLength([{ family: 'ipv6', length: 128 }])).toEqual([undefined]);
  pool.giveBack([all as FreeBlock]);
  expect(texts(pool.blocks())).toEqual(['::/0']);
});

test('one address out of all of IPv6 leaves 128 blocks, and they merge again', () => {
  const pool = new PurePool([parsePrefix('::/0')]);
  const [one] = pool.takeExactly([parsePrefix('2a0e:b100::1/128')]);
  expect(pool.blocks().map((block) => block.length).sort((a, b) => a - b)).toEqual(Array.from({ length: 128 }, (_, at) => at + 1));
  pool.giveBack([one as FreeBlock]);
  expect(texts(pool.blocks())).toEqual(['::/0']);
});

test('the same prefix wished twice in one breath is given once', () => {
  const pool = new PurePool([parsePrefix('10.0.0.0/24')]);
  const twice = pool.takeExactly([parsePrefix('10.0.0.0/25'), parsePrefix('10.0.0.0/25'), parsePrefix('10.0.0.0/26'), parsePrefix('10.0.0.128/25')]);
  expect(twice.map((block) => block && formatPrefix(block.prefix))).toEqual(['10.0.0.0/25', undefined, undefined, '10.0.0.128/25']);
});

test('sparse placement counts in mirrored binary (RFC 3531), so that every prefix keeps room to grow', () => {
  const pool = new PurePool([parsePrefix('10.0.0.0/24')]);
  const order = Array.from({ length: 16 }, () => pool.takeByLength([{ family: 'ipv4', length: 28, placement: 'sparse' }])[0]);
  expect(order.map((block) => Number((block as FreeBlock).prefix.first & 0xffn) / 16)).toEqual([0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]);
});

test('random placement reaches every place, none much more often than another', () => {
  const random = randomFrom(20_140_701);
  const counts = new Map<string, number>();
  for (let run = 0; run < 1_600; run += 1) {
    // Blocks of several sizes: a place in any of them is as likely.
    const pool = new PurePool(['10.0.0.0/29', '10.1.0.0/30', '10.2.0.0/30'].map(parsePrefix));
    const taken = pool.takeByLength([{ family: 'ipv4', length: 32, placement: 'random' }], random)[0] as FreeBlock;
    counts.set(formatPrefix(taken.prefix), (counts.get(formatPrefix(taken.prefix)) ?? 0) + 1);
  }
  expect(counts.size).toBe(16);
  for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
});

test('chance is as fine as the space is wide: a random /128 of a /0 is no multiple of anything', () => {
  const random = randomFrom(7);
  const pool = new PurePool([parsePrefix('::/0')]);
  const firsts = Array.from({ length: 50 }, () => (pool.takeByLength([{ family: 'ipv6', length: 128, placement: 'random' }], random)[0] as FreeBlock).prefix.first);
  expect(firsts.some((first) => first >> 120n !== 0n)).toBe(true);
  expect(new Set(firsts.map((first) => first & 0xffn)).size).toBeGreaterThan(20);
});
