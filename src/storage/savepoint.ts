/** A part of a transaction that can be undone by itself. Parts do not nest. */
import { translate } from './constraint-errors.js';
import { later, rows, settle, type Tx } from './sql.js';

/** @throws what the work throws, in the words of the model; all that it did is undone then, and the transaction goes on. */
export async function tentatively<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  later(tx, rows(tx, 'savepoint part'));
  try {
    const result = await work();
    await settle(tx, rows(tx, 'release savepoint part'));
    return result;
  } catch (error) {
    await settle(tx).catch(() => undefined);
    // A connection that cannot undo is gone, and that is what is thrown then.
    await rows(tx, 'rollback to savepoint part');
    throw translate(error);
  }
}
