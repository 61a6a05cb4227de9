/** A part of a transaction that can be undone by itself. Parts do not nest. */
import { CasmError } from '../model/errors.js';
import { translate } from './constraint-errors.js';
import { causeOf, later, rows, settle, type Tx } from './sql.js';

/** @throws what the work throws, in the words of the model; all that it did is undone then, and the transaction goes on. */
export async function tentatively<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  later(tx, rows(tx, 'savepoint part'));
  try {
    const result = await work();
    await settle(tx, rows(tx, 'release savepoint part'));
    return result;
  } catch (error) {
    const cause = await causeOf(tx, error);
    // Where that is refused, the transaction had failed before this part began, or its connection is gone: no refusal of this part.
    await rows(tx, 'rollback to savepoint part').catch((lost: unknown) => Promise.reject(cause instanceof CasmError ? lost : cause));
    throw translate(cause);
  }
}
