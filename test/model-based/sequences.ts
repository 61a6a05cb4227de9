/**
 * Sequences of requests, each held against its promise; and after every few of them all that is stored against the world.
 * A failure is shrunk to the shortest sequence that still fails, and says with which seed to have it again.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { timesUp } from './allocation-promises.js';
import type { ControllerUnderTest } from './controller-under-test.js';
import { promiseOf } from './oracle.js';
import type { Asked } from './promise.js';
import { request, type Request } from './requests.js';
import type { World } from './world.js';

type Command = fc.AsyncCommand<World, ControllerUnderTest>;

/** How often each verb was done, and refused with which code. */
export type Tally = Map<string, number>;

/** So many requests lie between two looks at all that is stored. */
const lookEvery = 8;

class Ask implements Command {
  private asked: Asked | undefined;

  constructor(
    private readonly request: Request,
    private readonly dryRun: boolean,
    private readonly tally: Tally,
  ) {}

  check(world: Readonly<World>): boolean {
    return this.request(world) !== undefined;
  }

  async run(world: World, controller: ControllerUnderTest): Promise<void> {
    const asked = this.request(world);
    if (asked === undefined) return;
    this.asked = asked;
    await askAndJudge(world, controller, asked, this.dryRun, this.tally);
    if (world.turn % lookEvery === 0) await compare(world, controller);
  }

  toString(): string {
    return `${this.dryRun ? 'dry run of ' : ''}${JSON.stringify(this.asked)}`;
  }
}

class Pass implements Command {
  constructor(
    private readonly seconds: number,
    private readonly background: boolean,
  ) {}

  check(): boolean {
    return true;
  }

  async run(world: World, controller: ControllerUnderTest): Promise<void> {
    await controller.pass(this.seconds);
    world.clock += this.seconds * 1000;
    if (!this.background) return;
    await controller.doBackgroundWork(world);
    timesUp(world);
  }

  toString(): string {
    return `${this.seconds} seconds pass${this.background ? ', and the background work is done' : ''}`;
  }
}

/** A dry run is answered like the request itself, and changes nothing. */
async function askAndJudge(world: World, controller: ControllerUnderTest, asked: Asked, dryRun: boolean, tally: Tally): Promise<void> {
  world.turn += 1;
  const promised = promiseOf(world, asked);
  const outcome = await controller.ask(asked, dryRun);
  const name = `${asked.operation} ${'refused' in outcome ? outcome.refused : 'done'}`;
  tally.set(name, (tally.get(name) ?? 0) + 1);
  const what = JSON.stringify(asked);
  if ('refused' in promised) return expect(outcome, what).toEqual({ refused: promised.refused });
  expect('refused' in outcome ? outcome : {}, `${what} is promised`).toEqual({});
  const { done } = outcome as { done: unknown };
  if (promised.done !== undefined) expect(done, what).toMatchObject(promised.done as object);
  expect(promised.fault?.(done), what).toBeUndefined();
  if (!dryRun) promised.keep(world, done);
}

async function compare(world: World, controller: ControllerUnderTest): Promise<void> {
  expect(await controller.stored()).toEqual({ free: world.freeBlocks(), allocations: world.allocations(), findings: [] });
}

/** All that is taken goes, then all pools, children before parents: nothing may be left. */
async function giveAllBack(world: World, controller: ControllerUnderTest, tally: Tally): Promise<void> {
  const ask = (operation: string, input: object): Promise<void> => askAndJudge(world, controller, { operation, input }, false, tally);
  for (const [id, { state }] of world.taken) await (state === 'reserved' ? ask('deleteHold', { holdId: id }) : ask('releaseAllocation', { allocationId: id }));
  for (const id of world.taken.keys()) await ask('releaseQuarantine', { allocationId: id, reason: 'the end' });
  await compare(world, controller);
  while (world.pools.size > 0) {
    for (const poolId of world.pools.keys()) if (world.childrenOf(poolId).length === 0) await ask('deletePool', { poolId });
  }
  expect(await controller.stored()).toEqual({ free: [], allocations: [], findings: [] });
}

/** Something to begin with in each space, so that no request of a sequence is lost for want of a pool. */
async function firstRoots(world: World, controller: ControllerUnderTest, tally: Tally): Promise<void> {
  for (const spaceId of world.spaceIds) {
    const input = { name: 'first', spaceId, prefixes: ['45.64.0.0/25', '2a0e:b100::/121'], policy: { quarantineSeconds: 0 } };
    await askAndJudge(world, controller, { operation: 'createPool', input }, false, tally);
  }
}

export interface Runs {
  readonly seed: number;
  readonly runs: number;
  /** Requests in one sequence, at most. */
  readonly length: number;
  readonly milliseconds?: number;
}

export async function runSequences(controller: ControllerUnderTest, { seed, runs, length, milliseconds }: Runs, tally: Tally): Promise<void> {
  const ask = fc.record({ request, dryRun: fc.nat(9).map((one) => one === 9) }).map(({ request, dryRun }) => new Ask(request, dryRun, tally));
  const pass = fc.record({ seconds: fc.constantFrom(1000, 2000, 4000), background: fc.boolean() }).map(({ seconds, background }) => new Pass(seconds, background));
  const command: fc.Arbitrary<Command> = fc.oneof({ weight: 10, arbitrary: ask }, { weight: 1, arbitrary: pass });
  const commands = fc.commands([command], { maxCommands: length, size: 'max' });
  const property = fc.asyncProperty(commands, async (sequence) => {
    const world = await controller.begin();
    await firstRoots(world, controller, tally);
    await fc.asyncModelRun(() => ({ model: world, real: controller }), sequence);
    await compare(world, controller);
    await giveAllBack(world, controller, tally);
  });
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: false, ...(milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds }) });
}
