/**
 * Runs one statement in a transaction and returns its rows, whatever the verb. Refuses to run outside a transaction.
 * A trap in what is run here: after `select prefix::text`, `order by prefix` means the text. Write `order by t.prefix`.
 */
import type { EntityManager } from 'typeorm';

export type Tx = EntityManager;

export async function rows<Row>(tx: Tx, sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  if (tx.queryRunner === undefined) throw new Error('a statement needs an open transaction');
  const result = await tx.queryRunner.query(sql, [...parameters], true);
  return result.records as Row[];
}

export async function row<Row>(tx: Tx, sql: string, parameters: readonly unknown[] = []): Promise<Row | undefined> {
  return (await rows<Row>(tx, sql, parameters))[0];
}

/** For a statement that always gives a row (an aggregate, an insert … returning). */
export async function oneRow<Row>(tx: Tx, sql: string, parameters: readonly unknown[] = []): Promise<Row> {
  const found = await row<Row>(tx, sql, parameters);
  if (found === undefined) throw new Error('a statement that always gives a row gave none');
  return found;
}

/** Times leave storage as RFC 3339 text in UTC. */
export function time(value: Date): string;
export function time(value: Date | null): string | null;
export function time(value: Date | null): string | null {
  return value === null ? null : value.toISOString();
}
