/** What a request is promised: a refusal by its code, or an answer that looks like this, and what is different afterwards. */
import type { ErrorCode } from '../../src/model/errors.js';
import type { World } from './world.js';

export type Promised = Refused | Kept;

export interface Refused {
  readonly refused: ErrorCode;
  /** What is different even so: those who had waited may have been served first. */
  keep?(world: World, done: unknown): void;
}

export interface Kept {
  /** What the answer has, at least; undefined where there is none. */
  readonly done: unknown;
  /** What is wrong with an answer that was left to chance. */
  readonly fault?: (done: unknown) => string | undefined;
  /** The world follows what was answered: ids are the controller's to give. */
  keep(world: World, done: unknown): void;
}

export interface Asked {
  readonly operation: string;
  readonly input: unknown;
}

export type Oracle<Input> = (world: World, input: Input) => Promised;

export const isRefused = (promised: Promised): promised is Refused => 'refused' in promised;

let imagined = 0;

/** An answer as it was promised, with ids that nothing has: for what is only thought through. */
export function imagine(done: unknown): unknown {
  if (Array.isArray(done)) return done.map(imagine);
  imagined += 1;
  return typeof done === 'object' && done !== null ? { id: `imagined-${imagined}`, ...done } : done;
}

type Step = (world: World, answers: readonly unknown[]) => void;

/** One thing after the other: thought through on a copy of the world, and done in the world itself once it was answered. */
export class Course {
  readonly world: World;
  private readonly steps: Step[] = [];

  constructor(world: World) {
    this.world = world.clone();
  }

  next(step: (world: World) => void): void {
    step(this.world);
    this.steps.push(step);
  }

  /**
   * What is left to chance cannot be thought through: it is for the end of a course.
   * @param at its place among the answers
   */
  keep(promised: Kept, at: number): void {
    if (promised.fault === undefined) promised.keep(this.world, imagine(promised.done));
    this.steps.push((world, answers) => promised.keep(world, answers[at]));
  }

  follow(world: World, answers: readonly unknown[] = []): void {
    for (const step of this.steps) step(world, answers);
  }
}
