/**
 * What an operation is: a function of an open unit of work. It opens no transaction, so operations compose, and what
 * they do is committed or undone as one promise. Who asked, and the clock and the randomness to use, come with the work.
 */
import type { Actor, AuditEntry } from '../model/audit.js';
import type { CasmError } from '../model/errors.js';
import type { SecretBox } from '../storage/secret-box.js';
import type { Tx } from '../storage/sql.js';

/** Who asked for what, and in which request. */
export type Asker = Pick<AuditEntry, 'actor' | 'requestId' | 'operation'>;

export interface Work {
  readonly tx: Tx;
  readonly actor: Actor;
  readonly requestId: string;
  readonly now: Date;
  readonly box: SecretBox;
  /** Where the turns of all that is asked were taken before its first step: the quotas among them. */
  readonly quotas?: readonly string[];
  /** What is asked for was given elsewhere and is leaving: even a pool that gives nothing out any more takes it in. */
  readonly restores?: boolean;
  newId(): string;
  /** Written with the work, in its transaction. */
  audit(entry: Pick<AuditEntry, 'resourceType' | 'resourceId' | 'before' | 'after'> & Partial<Asker>): void;
}

/** The same unit of work for another who asked before. */
export function inTheNameOf(work: Work, { actor, requestId, operation }: Asker): Work {
  return { ...work, restores: false, actor, requestId, audit: (entry) => work.audit({ ...entry, actor, requestId, operation }) };
}

export type Operation<Input, Output> = (work: Work, input: Input) => Promise<Output>;

/** Several requests of one kind in one unit of work: each gets its result, or the refusal that is its own. */
export type Together<Input, Output> = (asked: readonly { readonly work: Work; readonly input: Input }[]) => Promise<readonly (Output | CasmError)[]>;

/** A question: reads one snapshot and changes nothing. */
export type Question<Input, Output> = (tx: Tx, input: Input) => Promise<Output>;

/** One request to do something: who, under which request id, and whether it may be a repetition. */
export interface Call {
  readonly operation: string;
  readonly actor: Actor;
  readonly requestId: string;
  /** Do it, answer, and undo it. */
  readonly dryRun?: boolean;
  readonly idempotency?: { readonly key: string; readonly requestHash: Buffer };
}

/** What was kept, and whether it had been kept before. */
export interface Kept<Output> {
  readonly result: Output;
  readonly replayed: boolean;
}
