/**
 * Sequences of requests, each held against its promise; and after every few of them all that is stored against the world.
 * A failure is shrunk to the shortest sequence that still fails, and says with which seed to have it again.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { timesUp } from './allocation-promises.js';
import type { ControllerUnderTest } from './controller-under-test.js';
import { learn } from './learning.js';
import { promiseOf } from './oracle.js';
import type { Asked } from './promise.js';
import { deviceRequest } from './device-requests.js';
import type { Request } from './picking.js';
import { crowded, request } from './requests.js';
import { awaitedPools, serveQueue, waitingTimesUp } from './waiting-promises.js';
import type { World } from './world.js';

type Command = fc.AsyncCommand<World, ControllerUnderTest>;

/** How often each verb was done, and refused with which code. */
export type Tally = Map<string, number>;

const count = (tally: Tally, what: string): Tally => tally.set(what, (tally.get(what) ?? 0) + 1);

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
    waitingTimesUp(world);
    for (const poolId of awaitedPools(world)) serveQueue(world, poolId);
    await learn(world, controller, this.toString());
  }

  toString(): string {
    return `${this.seconds} seconds pass${this.background ? ', and the background work is done' : ''}`;
  }
}

/** The jobs that were enqueued for those who wait are run, and no others: whoever should have been woken must have been. */
class Serve implements Command {
  check({ waiting }: Readonly<World>): boolean {
    return waiting.size > 0;
  }

  async run(world: World, controller: ControllerUnderTest): Promise<void> {
    world.turn += 1;
    for (const poolId of await controller.serveWoken()) serveQueue(world, poolId);
    await learn(world, controller, this.toString());
  }

  toString(): string {
    return 'who was woken is served';
  }
}

/** A dry run is answered like the request itself, and changes nothing. */
async function askAndJudge(world: World, controller: ControllerUnderTest, asked: Asked, dryRun: boolean, tally: Tally): Promise<void> {
  world.turn += 1;
  const promised = promiseOf(world, asked);
  const outcome = await controller.ask(asked, dryRun);
  count(tally, `${asked.operation} ${'refused' in outcome ? outcome.refused : 'done'}`);
  const what = JSON.stringify(asked);
  if ('refused' in promised) {
    expect(outcome, what).toEqual({ refused: promised.refused });
    if (!dryRun) promised.keep?.(world, undefined);
    return learn(world, controller, what);
  }
  expect('refused' in outcome ? outcome : {}, `${what} is promised`).toEqual({});
  const { done } = outcome as { done: unknown };
  if (promised.done !== undefined) expect(done, what).toMatchObject(promised.done as object);
  expect(promised.fault?.(done), what).toBeUndefined();
  if (!dryRun) promised.keep(world, done);
  await learn(world, controller, what);
}

async function compare(world: World, controller: ControllerUnderTest): Promise<void> {
  expect(await controller.stored()).toEqual({ free: world.freeBlocks(), allocations: world.allocations(), findings: [] });
}

/** Nobody waits any more, all that is taken goes, devices let go of it, then all pools, children before parents: nothing may be left. */
async function giveAllBack(world: World, controller: ControllerUnderTest, tally: Tally): Promise<void> {
  const ask = (operation: string, input: object): Promise<void> => askAndJudge(world, controller, { operation, input }, false, tally);
  for (const waitingRequestId of world.waiting.keys()) await ask('cancelWaitingRequest', { waitingRequestId });
  for (const [id, { state }] of world.taken) await (state === 'reserved' ? ask('deleteHold', { holdId: id }) : ask('releaseAllocation', { allocationId: id }));
  // Devices before parent CAs: these are told last.
  const byKind = [...world.devices].sort(([, one], [, other]) => Number(one.parentCa) - Number(other.parentCa));
  for (const [deviceId] of byKind) {
    await ask('pullDocument', { deviceId });
    await ask('acknowledgeDocument', { deviceId, revision: String(world.devices.get(deviceId)?.wanted), applied: true });
  }
  for (const id of world.taken.keys()) await ask('releaseQuarantine', { allocationId: id, reason: 'the end' });
  await compare(world, controller);
  while (world.pools.size > 0) {
    for (const poolId of world.pools.keys()) if (world.childrenOf(poolId).length === 0) await ask('deletePool', { poolId });
  }
  for (const deviceId of world.devices.keys()) await ask('deleteDevice', { deviceId });
  expect(await controller.stored()).toEqual({ free: [], allocations: [], findings: [] });
}

/** Something to begin with, so that no request of a sequence is lost for want of a pool, a device or a quota. */
async function plant(world: World, controller: ControllerUnderTest, first: readonly string[], tally: Tally): Promise<void> {
  const ask = (operation: string, input: object): Promise<void> => askAndJudge(world, controller, { operation, input }, false, tally);
  for (const spaceId of world.spaceIds) {
    await ask('createPool', { name: 'first', spaceId, prefixes: first, policy: { quarantineSeconds: 0 } });
    await ask('createDevice', { name: `bng of ${spaceId}`, spaceId, kind: 'bng', adapter: 'pull' });
    await ask('createDevice', { name: `parent of ${spaceId}`, spaceId, kind: 'rpki', adapter: 'rpki' });
  }
  await ask('createQuota', { holder: 'business', ipv4Addresses: '24', ipv6Subnets: '3' });
}

export interface Runs {
  readonly seed: number;
  readonly runs: number;
  /** Requests in one sequence, at most. */
  readonly length: number;
  readonly milliseconds?: number;
}

export async function runSequences(controller: ControllerUnderTest, { seed, runs, length, milliseconds }: Runs, tally: Tally): Promise<void> {
  const dryRun = fc.nat(9).map((one) => one === 9);
  const ask = (request: fc.Arbitrary<Request>): fc.Arbitrary<Command> => fc.record({ request, dryRun }).map(({ request, dryRun }) => new Ask(request, dryRun, tally));
  const fromDevice = deviceRequest.map((request) => new Ask(request, false, tally));
  const pass = fc.record({ seconds: fc.constantFrom(1000, 2000, 4000), background: fc.boolean() }).map(({ seconds, background }) => new Pass(seconds, background));
  const sequence = (request: fc.Arbitrary<Request>): fc.Arbitrary<Iterable<Command>> =>
    fc.commands([fc.oneof({ weight: 20, arbitrary: ask(request) }, { weight: 3, arbitrary: fromDevice }, { weight: 2, arbitrary: pass }, { weight: 4, arbitrary: fc.constant(new Serve()) })], { maxCommands: length, size: 'max' });
  const scene = fc.oneof(
    fc.record({ first: fc.constant(['45.64.0.0/25', '2a0e:b100::/121']), sequence: sequence(request) }),
    fc.record({ first: fc.constant(['45.64.0.0/28', '2a0e:b100::/124']), sequence: sequence(crowded) }),
  );
  const property = fc.asyncProperty(scene, async ({ first, sequence }) => {
    const world = await controller.begin();
    await plant(world, controller, first, tally);
    await fc.asyncModelRun(() => ({ model: world, real: controller }), sequence);
    await compare(world, controller);
    await giveAllBack(world, controller, tally);
    for (const how of world.waited.values()) count(tally, `waited and was ${how}`);
  });
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: false, ...(milliseconds === undefined ? {} : { interruptAfterTimeLimit: milliseconds }) });
}
