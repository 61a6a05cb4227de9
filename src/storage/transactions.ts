/**
 * Opens transactions. What meets a deadlock or a serialization failure, or a table that a migration has just changed, is run again
 * from its start, so what a write does must live in the database alone. A snapshot reads one moment of everything and cannot write.
 */
import { setTimeout } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { CasmError } from '../model/errors.js';
import { isPassing, translate } from './constraint-errors.js';
import { causeOf, connect, disconnect, later, rows, settle, type Tx } from './sql.js';

const tries = 5;

/**
 * Writes find their rows by index, and by one plan whatever is asked: a plan is kept once it is made, and one made while a table
 * was small would read all of it when it has grown. In one message, of which nobody reads the rows.
 */
const beginWrite = 'begin; set local enable_seqscan = off; set local plan_cache_mode = force_generic_plan';
const beginSnapshot = 'begin isolation level repeatable read read only';

export class Transactions {
  constructor(private readonly source: DataSource) {}

  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return untilDone(() => this.within(beginWrite, work, 'commit'));
  }

  /** Does the work and undoes it; what it found out is returned. */
  rehearse<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return untilDone(() => this.within(beginWrite, work, 'rollback'));
  }

  snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return untilDone(() => this.within(beginSnapshot, work, 'commit'));
  }

  /** For a question of one statement, which is of one moment by itself: a single round trip. */
  glance<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return untilDone(async () => {
      const runner = this.source.createQueryRunner();
      try {
        return await work(await connect(runner));
      } finally {
        await disconnect(runner);
      }
    });
  }

  /** The first statement travels with the begin, and the commit with the last ones: the driver pipelines them. */
  private async within<T>(begin: string, work: (tx: Tx) => Promise<T>, end: 'commit' | 'rollback'): Promise<T> {
    const runner = this.source.createQueryRunner();
    try {
      const tx = await connect(runner);
      later(tx, rows(tx, begin));
      const result = await work(tx);
      // A commit behind a failed statement undoes; the statement's own failure is what is thrown.
      await settle(tx, rows(tx, end));
      return result;
    } catch (error) {
      const cause = await causeOf(runner.manager, error);
      // A connection that cannot even undo is gone, and the transaction with it.
      await rows(runner.manager, 'rollback').catch(() => undefined);
      throw cause;
    } finally {
      await disconnect(runner);
    }
  }
}

async function untilDone<T>(once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      if (!isPassing(error)) throw translate(error);
      if (attempt === tries) throw new CasmError('busy', 'too many requests want the same things at once: try again in a moment', {}, { cause: error });
      // Those that met must not meet again in step.
      await setTimeout(attempt * 10 * Math.random());
    }
  }
}
