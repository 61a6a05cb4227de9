/**
 * Opens transactions. A write that meets a deadlock or a serialization failure is run again from its start, so what it
 * does must live in the database alone. A snapshot reads one moment of everything and cannot write.
 */
import type { DataSource } from 'typeorm';
import { isPassing, translate } from './constraint-errors.js';
import type { Tx } from './sql.js';

const tries = 5;

export class Transactions {
  constructor(private readonly source: DataSource) {}

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.source.transaction('READ COMMITTED', work);
      } catch (error) {
        if (!isPassing(error) || attempt === tries) throw translate(error);
      }
    }
  }

  async snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.source.transaction('REPEATABLE READ', async (tx) => {
        await tx.queryRunner?.query('set transaction read only');
        return work(tx);
      });
    } catch (error) {
      throw translate(error);
    }
  }
}
