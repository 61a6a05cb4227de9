/**
 * Deaths of the controller at random points: it is killed when the clients have got so many answers and a random moment
 * more has passed, and started again. The seed of the randomness can be given, so that a failure can be had again.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuiltController } from './built-controller.js';

/** CASM_CRASH_SEED, or another at every run. */
export function crashSeed(): number {
  return Number(process.env['CASM_CRASH_SEED'] || Math.floor(Math.random() * 2 ** 31));
}

/** Numbers from 0 to 1 that follow from the seed alone. */
export function seeded(seed: number): () => number {
  let turn = 0;
  return () => createHash('sha256').update(`${seed}:${turn++}`).digest().readUInt32BE() / 2 ** 32;
}

/** A point to die at: after so many answers, and so many milliseconds. */
export interface Death {
  readonly answers: number;
  readonly milliseconds: number;
}

/** @param within where among the answers, as fractions; one death each */
export function deaths(random: () => number, count: number, within: readonly (readonly [from: number, to: number])[]): Death[] {
  return within.map(([from, to]) => ({ answers: Math.floor(count * (from + (to - from) * random())), milliseconds: Math.floor(60 * random()) }));
}

export interface Story {
  readonly controller: BuiltController;
  readonly points: readonly Death[];
  /** How many answers the clients have got so far. */
  answers(): number;
  /** What to look at before it is started again. */
  whileDead(): Promise<void>;
}

/** Kills and restarts the controller at each of the points in turn while the work goes on. Ends when both are done. @returns what the work does */
export async function throughCrashes<Result>({ controller, points, answers, whileDead }: Story, work: () => Promise<Result>): Promise<Result> {
  let failed = false;
  const working = work().catch((error: unknown) => {
    failed = true;
    throw error;
  });
  const crashing = async (): Promise<void> => {
    for (const point of points) {
      while (answers() < point.answers && !failed) await sleep(2);
      if (failed) return;
      await sleep(point.milliseconds);
      await controller.kill();
      try {
        await whileDead();
      } finally {
        await controller.restart();
      }
    }
  };
  const [result] = await Promise.all([working, crashing()]);
  return result;
}
