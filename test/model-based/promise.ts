/** What a request is promised: a refusal by its code, or an answer that looks like this, and what is different afterwards. */
import type { ErrorCode } from '../../src/model/errors.js';
import type { World } from './world.js';

export type Promised = Refused | Kept;

export interface Refused {
  readonly refused: ErrorCode;
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
