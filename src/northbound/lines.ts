/** Files of records, read as they come: CSV and JSON Lines → lines, each with the record it holds or why it holds none. */
import type { Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type { ContractOperation } from '../contract/contract.js';
import { refusalOf } from '../http/contract.guard.js';
import { unstorableText } from '../http/unstorable-text.js';
import { counted } from '../model/counted.js';
import { CasmError } from '../model/errors.js';
import { columns, fromCells, neededColumns, type ExchangeKind, type ExchangeLine } from '../model/exchange.js';

const longestLine = 4 * 1024 * 1024;
const largestFile = 4 * 1024 * 1024 * 1024;
/** Of a line, so much is shown where it is refused. */
const shown = 500;

/**
 * @param operation the import whose lines they are
 * @throws CasmError `import-invalid` when what follows cannot be told apart any more, or is not UTF-8, `body-too-large`
 */
export function readLines(body: AsyncIterable<Buffer>, type: 'text/csv' | 'application/x-ndjson', kind: ExchangeKind, operation: ContractOperation): AsyncGenerator<ExchangeLine> {
  const held = (line: number, text: string, record: unknown): ExchangeLine => hold(operation, { line, text: text.slice(0, shown).toWellFormed(), record });
  return type === 'text/csv' ? csvLines(texts(body), kind, held) : jsonLines(texts(body), held);
}

/** Hands on what comes, and hashes it on the way. */
export async function* hashed(body: Readable, hash: Hash): AsyncGenerator<Buffer> {
  try {
    for await (const part of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      hash.update(part);
      yield part;
    }
  } finally {
    // What is left of a refused file is passed by: who sends all of it before looking for an answer would wait for ever.
    body.resume();
  }
}

type Hold = (line: number, text: string, record: unknown) => ExchangeLine;

function hold(operation: ContractOperation, read: ExchangeLine): ExchangeLine {
  const errors = operation.validateLine(read.record);
  const unstorable = errors.length > 0 ? undefined : unstorableText(read.record);
  if (unstorable !== undefined) errors.push({ in: 'body', pointer: unstorable.toWellFormed(), detail: 'must not hold U+0000 or half a surrogate pair' });
  if (errors.length === 0) return read;
  return refused(read.line, read.text, 'invalid-request', refusalOf(errors).message.replace('the body at ', 'the line at '));
}

function refused(line: number, text: string, code: 'invalid-request' | 'import-invalid', detail: string): ExchangeLine {
  // U+0000 cannot be kept, not even to be shown.
  return { line, text: text.slice(0, shown).toWellFormed().replaceAll('\0', '\u{fffd}'), refused: { code, detail: detail.replaceAll('\0', '\u{fffd}') } };
}

async function* texts(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (part?: Buffer): string => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      // Another decoder would put U+FFFD for what it cannot read.
      throw new CasmError('import-invalid', 'the file is not UTF-8');
    }
  };
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > largestFile) throw new CasmError('body-too-large', 'a file holds 4 GiB at most: send it in parts');
    yield decoded(part);
  }
  yield decoded();
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
  readonly raw: string;
}

async function* csvLines(body: AsyncIterable<string>, kind: ExchangeKind, held: Hold): AsyncGenerator<ExchangeLine> {
  const parser = parse({ info: true, raw: true, relax_column_count: true, skip_empty_lines: true, max_record_size: longestLine });
  let header: readonly string[] | undefined;
  try {
    for await (const { record, info, raw } of feed(body, parser)) {
      const text = raw.replace(/\r?\n$/, '');
      if (header === undefined) header = checkHeader(kind, record);
      else if (record.length !== header.length) yield refused(info.lines, text, 'import-invalid', `the line has ${counted(record.length, 'cell')}, and the header ${header.length}`);
      else yield held(info.lines, text, fromCells(Object.fromEntries(header.map((column, at) => [column, record[at] ?? '']))));
    }
  } catch (error) {
    if (error instanceof CsvError) throw new CasmError('import-invalid', `the CSV cannot be read on: ${error.message}`);
    throw error;
  }
  if (header === undefined) throw new CasmError('import-invalid', `the file is empty: begin with the header ${columns[kind].join(',')}`);
}

/** Pushes as fast as records are taken; what goes wrong on either side ends both. */
async function* feed(body: AsyncIterable<string>, parser: ReturnType<typeof parse>): AsyncGenerator<CsvRecord> {
  const fed = pipeline(body, parser).catch((error: unknown) => void parser.destroy(error as Error));
  yield* parser as AsyncIterable<CsvRecord>;
  await fed;
}

/** @throws CasmError `import-invalid` */
function checkHeader(kind: ExchangeKind, header: readonly string[]): readonly string[] {
  const known: readonly string[] = columns[kind];
  const strange = header.filter((column, at) => !known.includes(column) || header.indexOf(column) !== at);
  const missing = neededColumns(kind).filter((column) => !header.includes(column));
  if (strange.length === 0 && missing.length === 0) return header;
  const faults = [...strange.map((column) => `"${column}" is unknown or twice there`), ...missing.map((column) => `${column} is missing`)];
  throw new CasmError('import-invalid', `the first line names the columns, of ${known.join(', ')}: ${faults.join('; ').slice(0, shown)}`);
}

async function* jsonLines(body: AsyncIterable<string>, held: Hold): AsyncGenerator<ExchangeLine> {
  let line = 0;
  let rest = '';
  for await (const part of body) {
    const whole = (rest + part).split('\n');
    rest = whole.pop() ?? '';
    if (rest.length > longestLine) throw new CasmError('import-invalid', `line ${line + whole.length + 1} is longer than ${longestLine} characters`);
    for (const text of whole) yield* jsonLine((line += 1), text, held);
  }
  yield* jsonLine(line + 1, rest, held);
}

function* jsonLine(line: number, text: string, held: Hold): Generator<ExchangeLine> {
  if (text.trim() === '') return;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    yield refused(line, text, 'import-invalid', `the line is no JSON: ${(error as Error).message.slice(0, shown)}`);
    return;
  }
  yield held(line, text, record);
}
