/** An import as it goes on: received, waiting, applied line by line. Pure. */
import type { ErrorCode } from './errors.js';
import type { ExchangeKind } from './exchange.js';

export type ImportMode = 'atomic' | 'bestEffort';

export interface Import {
  readonly id: string;
  readonly kind: ExchangeKind;
  readonly spaceId: string;
  readonly mode: ImportMode;
  readonly dryRun: boolean;
  readonly state: 'receiving' | 'waiting' | 'running' | 'done' | 'failed';
  /** Records received, applied or refused so far, created, and refused. */
  readonly linesRead: number;
  readonly linesDone: number;
  readonly created: number;
  readonly refused: number;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface Refusal {
  /** Of the file, counted from 1; where a record takes several, its last. */
  readonly line: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly text: string;
}
