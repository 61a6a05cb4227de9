/** A batch: many operations in one request, all or none of them, or as many as can be. */
import type { CasmError, ErrorCode, ErrorDetails } from '../../model/errors.js';
import type { Verb } from './verbs.js';

export interface BatchItem {
  readonly operation: Verb;
  /** Path, body and If-Match in one; or what is wrong with them. */
  readonly input: Readonly<Record<string, unknown>> | CasmError;
  /** See Work: for imports; no caller can say it. */
  readonly restores?: boolean;
}

export interface BatchRequest {
  readonly mode: 'atomic' | 'bestEffort';
  readonly clientTransactionId?: string;
  readonly items: readonly BatchItem[];
}

/** Plain, so that it can be kept for a retry. */
export type Outcome = { readonly operation: Verb; readonly done: unknown } | { readonly operation: Verb; readonly refused: { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails } };

export interface Batch {
  readonly id: string;
  readonly clientTransactionId: string | null;
  readonly mode: BatchRequest['mode'];
  /** One an item, in order. */
  readonly outcomes: readonly Outcome[];
}
