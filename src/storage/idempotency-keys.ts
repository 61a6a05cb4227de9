/** The table of idempotency keys: claimed and answered in the transaction of the write itself, so neither is without the other. */
import { row, rows, type Tx } from './sql.js';

export interface StoredAnswer {
  readonly requestHash: Buffer;
  readonly sealed: Buffer;
}

/**
 * Claims the key, waiting for a concurrent holder to end.
 * @returns undefined when the key is now ours, else what was answered under it.
 */
export async function claimKey(tx: Tx, caller: string, key: string, requestHash: Buffer): Promise<StoredAnswer | undefined> {
  const claimed = await row(tx, 'insert into idempotency_keys (caller, key, request_hash) values ($1, $2, $3) on conflict do nothing returning key', [caller, key, requestHash]);
  if (claimed !== undefined) return undefined;
  const stored = await row<StoredAnswer>(tx, 'select request_hash as "requestHash", sealed from idempotency_keys where caller = $1 and key = $2', [caller, key]);
  return stored ?? claimKey(tx, caller, key, requestHash);
}

export async function storeAnswer(tx: Tx, caller: string, key: string, sealed: Buffer): Promise<void> {
  await rows(tx, 'update idempotency_keys set sealed = $3 where caller = $1 and key = $2', [caller, key, sealed]);
}

export async function deleteKeysBefore(tx: Tx, before: Date): Promise<void> {
  await rows(tx, 'delete from idempotency_keys where created_at < $1', [before]);
}
