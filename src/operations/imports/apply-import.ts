/**
 * The background work of an import. Best effort: a transaction a chunk, so whoever takes over goes on with the next one.
 * Atomic, and every dry run: one transaction for all of it, kept whole or not at all; whoever takes over begins again.
 */
import { CasmError } from '../../model/errors.js';
import type { AllocationRecord, ExchangeLine, PoolRecord } from '../../model/exchange.js';
import type { Import, Refusal } from '../../model/import.js';
import { insertAudit, type NewAuditEntry } from '../../storage/audit.js';
import * as imports from '../../storage/imports.js';
import type { Hall } from '../hall.js';
import type { Call, Work } from '../work.js';
import { applyAllocations } from './apply-allocations.js';
import { applyPools } from './apply-pools.js';
import { getImport } from './get-import.js';
import { takeTurns } from './take-turns.js';

/** An import that cannot be kept need not be read on beyond so many refused lines. */
const enoughRefused = 10_000;

interface Counted {
  readonly linesDone: number;
  readonly created: number;
  readonly refusals: readonly Refusal[];
}

/** @param signal ends it between two chunks; it is taken up again later */
export async function applyImport(hall: Hall, importId: string, signal: AbortSignal): Promise<void> {
  const bringer = await hall.read(imports.bringerOf, importId);
  if (bringer === undefined) return;
  const one = await hall.read(getImport, { importId });
  if (one.state !== 'waiting' && one.state !== 'running') return;
  const call: Call = { operation: one.kind === 'pools' ? 'importPools' : 'importAllocations', ...bringer };
  if (one.mode === 'atomic' || one.dryRun) return applyWhole(hall, call, one, signal);
  while (await hall.write(call, applyNext, one).then(({ result }) => result)) signal.throwIfAborted();
}

/** @returns whether there may be more */
async function applyNext(work: Work, one: Import): Promise<boolean> {
  const { tx, now } = work;
  const chunk = await imports.nextChunk(tx, one.id, 0);
  if (chunk === undefined) {
    await finish(work, { importId: one.id, state: 'done' });
    return false;
  }
  const { linesDone, created, refusals } = await applyLines(work, one, chunk.lines);
  await imports.deleteChunks(tx, one.id, chunk.number);
  await imports.insertRefusals(tx, one.id, refusals);
  await imports.advanceImport(tx, one.id, now, { state: 'running', linesDone, created, refused: refusals.length });
  return true;
}

/** Carries what was found out past the undoing. */
class Undone extends Error {
  constructor(readonly found: Counted) {
    super('not kept');
  }
}

async function applyWhole(hall: Hall, call: Call, one: Import, signal: AbortSignal): Promise<void> {
  const progress = async (linesDone: number): Promise<void> => {
    signal.throwIfAborted();
    await hall.write(call, ({ tx, now }) => imports.setLinesDone(tx, one.id, now, linesDone), undefined);
  };
  await progress(0);
  try {
    await hall.write(call, applyAll, { one, call, progress });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    const { created, refusals } = error.found;
    const state = one.dryRun && (one.mode === 'bestEffort' || refusals.length === 0) ? 'done' : 'failed';
    await hall.write(call, finish, { importId: one.id, state, created: state === 'done' ? created : 0, refusals });
  }
}

async function applyAll(work: Work, { one, call, progress }: { one: Import; call: Call; progress: (linesDone: number) => Promise<void> }): Promise<void> {
  const refusals: Refusal[] = [];
  let created = 0;
  let linesDone = 0;
  const quotas = await takeTurns(work.tx, one);
  let chunk = await imports.nextChunk(work.tx, one.id, 0);
  for (; chunk !== undefined && refusals.length < enoughRefused; chunk = await imports.nextChunk(work.tx, one.id, chunk.number)) {
    const entries: NewAuditEntry[] = [];
    const { actor, requestId, operation } = call;
    // Written as it goes: the audit of a million lines is not for memory to hold.
    const counted = await applyLines({ ...work, quotas, audit: (entry) => entries.push({ actor, requestId, operation, ...entry }) }, one, chunk.lines);
    await insertAudit(work.tx, entries);
    refusals.push(...counted.refusals);
    created += counted.created;
    await progress((linesDone += counted.linesDone));
  }
  if (one.dryRun || refusals.length > 0) throw new Undone({ linesDone, created, refusals });
  await finish(work, { importId: one.id, state: 'done', created });
}

/** Whoever comes second finds it finished, and leaves it so. */
async function finish(work: Work, end: { importId: string; state: 'done' | 'failed'; created?: number; refusals?: readonly Refusal[] }): Promise<void> {
  // The chunks first: who holds them still tells its progress, for which the import's own turn must be free.
  await imports.deleteChunks(work.tx, end.importId);
  const before = await imports.lockImport(work.tx, end.importId);
  if (before === undefined || before.finishedAt !== null) return;
  await imports.insertRefusals(work.tx, end.importId, end.refusals ?? []);
  const after = await imports.advanceImport(work.tx, end.importId, work.now, { state: end.state, created: end.created ?? 0, refused: end.refusals?.length ?? 0, finished: true });
  work.audit({ resourceType: 'import', resourceId: end.importId, before, after });
}

/** Lines that hold a record are applied; those that were refused when they were read stay refused. */
async function applyLines(work: Work, { kind, spaceId }: Import, lines: readonly ExchangeLine[]): Promise<Counted> {
  const records = lines.filter((line) => line.refused === undefined);
  const errors =
    kind === 'pools'
      ? await applyPools(work, spaceId, records.map((line) => line.record as PoolRecord))
      : await applyAllocations(work, spaceId, records.map((line) => line.record as AllocationRecord));
  const refusals = lines.flatMap(({ line, text, refused }) => (refused === undefined ? [] : [{ line, text, ...refused }]));
  for (const [index, { line, text }] of records.entries()) {
    const error = errors[index];
    if (error instanceof CasmError) refusals.push({ line, text, code: error.code, detail: error.message });
  }
  return { linesDone: lines.length, created: lines.length - refusals.length, refusals };
}
