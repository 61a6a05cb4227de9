/** Records on their way out: a readable text of CSV or JSON Lines that is written as fast as it is read, and no faster. */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import { CasmError } from '../model/errors.js';
import { columns, toCells, type ExchangeKind, type RecordOf } from '../model/exchange.js';
import { exportRecords } from '../operations/exports/export-records.js';
import type { Hall } from '../operations/hall.js';

/** Each holds a connection and a moment of the database. */
const mostAtOnce = 4;
/** Whoever reads nothing for so long has gone. */
const patienceMs = 60_000;

export class RecordStreams {
  private open = 0;

  constructor(private readonly hall: Hall) {}

  /** Resolves when there is something to read. @throws CasmError `space-not-found`, `busy` */
  async of(kind: ExchangeKind, spaceId: string, format: 'csv' | 'json'): Promise<Readable> {
    if (this.open >= mostAtOnce) throw new CasmError('busy', `${mostAtOnce} exports are being read already: try again in a moment`);
    this.open += 1;
    const text = new PassThrough();
    const gone = new AbortController();
    text.once('close', () => gone.abort());
    if (format === 'csv') text.write(stringify([[...columns[kind]]]));
    return new Promise((resolve, reject) => {
      const visit = async (page: RecordOf[ExchangeKind][]): Promise<void> => {
        resolve(text);
        gone.signal.throwIfAborted();
        if (page.length === 0 || text.write(write(kind, page, format))) return;
        await once(text, 'drain', { signal: AbortSignal.any([gone.signal, AbortSignal.timeout(patienceMs)]) });
      };
      this.hall
        .read(exportRecords, { kind, spaceId, visit })
        .then(
          () => text.end(),
          (error: unknown) => {
            reject(error);
            text.on('error', () => undefined).destroy(error as Error);
          },
        )
        .finally(() => (this.open -= 1));
    });
  }
}

function write(kind: ExchangeKind, page: readonly RecordOf[ExchangeKind][], format: 'csv' | 'json'): string {
  if (format === 'json') return page.map((record) => `${JSON.stringify(record)}\n`).join('');
  return stringify(page.map((record) => toCells(kind, record as never)));
}
