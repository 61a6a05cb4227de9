/** Requests that want the same turn, served together: knows nothing of what the turn is of. */
import { counted } from '../model/counted.js';
import { CasmError } from '../model/errors.js';
import { isTimedOut, isUnconnected, isUndone } from '../storage/constraint-errors.js';
import type { Ask } from './hall.js';
import type { Kept } from './work.js';

/** So many requests at most share one transaction: enough to spread its cost, few enough to answer soon. */
const together = 128;

interface Waiting<Input, Output> extends Ask<Input> {
  resolve(kept: Kept<Output>): void;
  reject(error: unknown): void;
}

/**
 * While one transaction of a turn runs, those that arrive for it wait, and then share the next. The order is that of arrival.
 * Nothing is delayed when nobody else is there, and nothing is kept here: a controller that dies loses only what nobody was told.
 */
export class SharedTurns<Input, Output> {
  private readonly queues = new Map<string, Waiting<Input, Output>[]>();

  /**
   * @param serve in one transaction: each its outcome, or the refusal that is its own, in order
   * @param apart what no two of those served together may have in common
   * @param longest so many may wait for one turn; beyond that waiting would only end in time-outs
   */
  constructor(
    private readonly serve: (key: string, asks: readonly Ask<Input>[]) => Promise<readonly (Kept<Output> | CasmError)[]>,
    private readonly apart: (ask: Ask<Input>) => readonly string[],
    private readonly longest: number,
  ) {}

  /** @param key of the turn. @throws CasmError what refuses it, and `busy` when too many wait already. */
  ask(key: string, ask: Ask<Input>): Promise<Kept<Output>> {
    return new Promise((resolve, reject) => {
      const waiting = { ...ask, resolve, reject };
      const queue = this.queues.get(key);
      if (queue === undefined) {
        this.queues.set(key, [waiting]);
        void this.serveAll(key);
      } else if (queue.length >= this.longest) {
        reject(new CasmError('busy', `${counted(this.longest, 'request waits', 'requests wait')} for this pool already: try again in a moment`));
      } else queue.push(waiting);
    });
  }

  private async serveAll(key: string): Promise<void> {
    for (;;) {
      const queue = this.queues.get(key) ?? [];
      if (queue.length === 0) {
        this.queues.delete(key);
        return;
      }
      await this.turn(key, this.nextOf(queue));
    }
  }

  private async turn(key: string, asks: readonly Waiting<Input, Output>[]): Promise<void> {
    try {
      const outcomes = await this.serve(key, asks);
      asks.forEach((ask, at) => {
        const outcome = outcomes[at];
        if (outcome === undefined || outcome instanceof CasmError) ask.reject(outcome);
        else ask.resolve(outcome);
      });
    } catch (error) {
      // Where the connection was lost they may have been kept all the same: done again they might be done twice. Where there was none,
      // or no time, each would wait as long for nothing.
      if (asks.length === 1 || !isUndone(error) || isUnconnected(error) || isTimedOut(error)) for (const ask of asks) ask.reject(error);
      // One of them cannot be kept, and it is not known which: each for itself.
      else for (const ask of asks) await this.turn(key, [ask]);
    }
  }

  /** The next to share a turn, in order; one that has something in common with them waits for their answer. */
  private nextOf(queue: Waiting<Input, Output>[]): Waiting<Input, Output>[] {
    const taken = new Set<string>();
    const next: Waiting<Input, Output>[] = [];
    const later: Waiting<Input, Output>[] = [];
    for (const one of queue.splice(0, together)) {
      const names = this.apart(one);
      (names.some((name) => taken.has(name)) ? later : next).push(one);
      for (const name of names) taken.add(name);
    }
    queue.unshift(...later);
    return next;
  }
}
