/** The table of idempotency keys: claimed and answered in the transaction of the write itself, so neither is without the other. */
import { prepared, rows, type Tx } from './sql.js';

export interface Claim {
  /** The token that calls. */
  readonly caller: string;
  readonly key: string;
  readonly requestHash: Buffer;
}

export interface StoredAnswer extends Claim {
  readonly sealed: Buffer;
}

/** One name for a caller's key. */
export function claimName({ caller, key }: Pick<Claim, 'caller' | 'key'>): string {
  return `${caller}:${key}`;
}

/**
 * Claims keys, no two of them the same, waiting for concurrent holders to end.
 * @returns what was answered before under those that are not ours now, by name.
 */
export async function claimKeys(tx: Tx, claims: readonly Claim[]): Promise<Map<string, StoredAnswer>> {
  if (claims.length === 0) return new Map();
  const named = new Map(claims.map((claim) => [claimName(claim), claim]));
  const inOrder = [...named.keys()].sort().flatMap((name) => named.get(name) ?? []);
  const claimed = await prepared<Pick<Claim, 'caller' | 'key'>>(
    tx,
    `insert into idempotency_keys (caller, key, request_hash) select * from unnest($1::uuid[], $2::text[], $3::bytea[])
     on conflict do nothing returning caller, key`,
    [inOrder.map((one) => one.caller), inOrder.map((one) => one.key), inOrder.map((one) => one.requestHash)],
  );
  if (claimed.length === claims.length) return new Map();
  const ours = new Set(claimed.map(claimName));
  const others = inOrder.filter((one) => !ours.has(claimName(one)));
  const stored = await prepared<StoredAnswer>(
    tx,
    `select k.caller, k.key, k.request_hash as "requestHash", k.sealed from unnest($1::uuid[], $2::text[]) as t (caller, key)
     join idempotency_keys k on k.caller = t.caller and k.key = t.key`,
    [others.map((one) => one.caller), others.map((one) => one.key)],
  );
  const found = new Map(stored.map((one) => [claimName(one), one]));
  // One that was given up in between is free to claim again.
  const again = await claimKeys(tx, others.filter((one) => !found.has(claimName(one))));
  return new Map([...found, ...again]);
}

export async function storeAnswers(tx: Tx, answers: readonly (Pick<Claim, 'caller' | 'key'> & { sealed: Buffer })[]): Promise<void> {
  if (answers.length === 0) return;
  let end = 0;
  const starts = answers.map(({ sealed }) => (end += sealed.length) - sealed.length + 1);
  await prepared(
    tx,
    // Bytes in an array would travel as hexadecimal text: as one value they travel as they are.
    `update idempotency_keys k set sealed = substring($3::bytea from t.start for t.length)
     from unnest($1::uuid[], $2::text[], $4::int[], $5::int[]) as t (caller, key, start, length) where k.caller = t.caller and k.key = t.key`,
    [answers.map((one) => one.caller), answers.map((one) => one.key), Buffer.concat(answers.map((one) => one.sealed)), starts, answers.map((one) => one.sealed.length)],
  );
}

/** Gives claims up: the request was refused, and may be made again. */
export async function dropClaims(tx: Tx, claims: readonly Pick<Claim, 'caller' | 'key'>[]): Promise<void> {
  if (claims.length === 0) return;
  await prepared(tx, 'delete from idempotency_keys k using unnest($1::uuid[], $2::text[]) as t (caller, key) where k.caller = t.caller and k.key = t.key', [
    claims.map((one) => one.caller),
    claims.map((one) => one.key),
  ]);
}

export async function deleteKeysBefore(tx: Tx, before: Date): Promise<void> {
  await rows(tx, 'delete from idempotency_keys where created_at < $1', [before]);
}
