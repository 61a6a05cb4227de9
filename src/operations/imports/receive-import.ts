/** How a file is received: chunk by chunk, each in a transaction of its own, and only then handed to background work. */
import { createHash } from 'node:crypto';
import type { ExchangeKind, ExchangeLine } from '../../model/exchange.js';
import type { Import, ImportMode } from '../../model/import.js';
import * as imports from '../../storage/imports.js';
import { enqueueImport } from '../../storage/jobs.js';
import { findSpace } from '../../storage/spaces.js';
import type { Hall } from '../hall.js';
import { found } from '../not-found.js';
import type { Call, Kept, Work } from '../work.js';

/** So many lines are applied in one transaction. A pool takes several statements, an allocation hardly one. */
const chunkOf: Readonly<Record<ExchangeKind, number>> = { pools: 100, allocations: 1_000 };

export interface ImportStart {
  readonly kind: ExchangeKind;
  readonly spaceId: string;
  readonly mode: ImportMode;
  readonly dryRun: boolean;
}

export interface ImportFile {
  readonly lines: AsyncIterable<ExchangeLine>;
  /** Of its octets, once the lines have been read. */
  readonly hash: () => Buffer;
}

/**
 * Reads no faster than the lines can be kept. If reading them fails, or they have been received before under the same
 * idempotency key, nothing is left.
 * @throws CasmError `space-not-found`, `idempotency-key-reused`, and whatever reading throws
 */
export async function receiveImport(hall: Hall, { operation, actor, requestId, idempotency }: Call, start: ImportStart, { lines, hash }: ImportFile): Promise<Kept<Import>> {
  const call = { operation, actor, requestId };
  const { result: begun } = await hall.write(call, begin, { ...start, requestId });
  try {
    let number = 0;
    let chunk: ExchangeLine[] = [];
    for await (const line of lines) {
      if (chunk.push(line) < chunkOf[start.kind]) continue;
      await hall.write(call, keep, { importId: begun.id, number: (number += 1), lines: chunk });
      chunk = [];
    }
    const closing = idempotency === undefined ? call : { ...call, idempotency: { ...idempotency, requestHash: createHash('sha256').update(idempotency.requestHash).update(hash()).digest() } };
    const received = await hall.write(closing, close, { importId: begun.id, number: number + 1, lines: chunk });
    if (received.replayed) await hall.write(call, discard, { importId: begun.id });
    return received;
  } catch (error) {
    await hall.write(call, discard, { importId: begun.id });
    throw error;
  }
}

async function begin(work: Work, { requestId, ...start }: ImportStart & { requestId: string }): Promise<Import> {
  found(await findSpace(work.tx, start.spaceId), 'space', start.spaceId);
  return imports.insertImport(work.tx, { id: work.newId(), ...start, actor: work.actor, requestId, now: work.now });
}

interface ChunkOfImport {
  readonly importId: string;
  readonly number: number;
  readonly lines: readonly ExchangeLine[];
}

async function keep({ tx, now }: Work, { importId, number, lines }: ChunkOfImport): Promise<void> {
  await imports.insertChunk(tx, importId, number, lines);
  await imports.advanceImport(tx, importId, now, { state: 'receiving', linesRead: lines.length });
}

async function close(work: Work, { importId, number, lines }: ChunkOfImport): Promise<Import> {
  if (lines.length > 0) await imports.insertChunk(work.tx, importId, number, lines);
  const after = await imports.advanceImport(work.tx, importId, work.now, { state: 'waiting', linesRead: lines.length });
  await enqueueImport(work.tx, importId, after.spaceId);
  work.audit({ resourceType: 'import', resourceId: importId, before: null, after });
  return after;
}

async function discard({ tx }: Work, { importId }: { importId: string }): Promise<void> {
  await imports.deleteImport(tx, importId);
}
