/**
 * Statements: sent on the connection of their transaction in the order of the calls, answered with their rows, whatever the
 * verb. A trap in what is run here: after `select prefix::text`, `order by prefix` means the text. Write `order by t.prefix`.
 */
import type { Writable } from 'node:stream';
import type { PoolClient, QueryConfig } from 'pg';
import { QueryFailedError, type EntityManager, type QueryRunner } from 'typeorm';
import { isStale } from './constraint-errors.js';

export type Tx = EntityManager;

export function rows<Row>(tx: Tx, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  return send(tx, { text, values: [...parameters] });
}

/** Names of statements, by their text: the same on every connection, and never given twice. */
const names = new Map<string, string>();
let given = 0;

/**
 * As rows, for what is run over and over: parsed once a connection, and in a write planned once, too. Not for a statement put
 * together from parts, nor for one whose best plan depends on what is asked.
 */
export function prepared<Row>(tx: Tx, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const name = names.get(text) ?? `casm_${(given += 1)}`;
  names.set(text, name);
  return send(tx, { name, text, values: [...parameters] });
}

/** The driver's own connections, past TypeORM: its way to them takes several turns of the event loop for each statement. */
const connections = new WeakMap<QueryRunner, PoolClient>();

/** What statements are written to. The driver does not declare it. */
interface Wire {
  readonly connection: { readonly stream: Writable };
}

/** Waits for the runner's connection, on which statements can be sent from then on. */
export async function connect(runner: QueryRunner): Promise<Tx> {
  connections.set(runner, (await runner.connect()) as PoolClient);
  return runner.manager;
}

/** Gives the connection back: no statement can be sent from then on. */
export async function disconnect(runner: QueryRunner): Promise<void> {
  connections.delete(runner);
  await runner.release();
}

/** What the transactions have failed of that are on these connections: until they are undone, all statements behind that are refused. */
const failures = new WeakMap<PoolClient, QueryFailedError>();

async function send<Row>(tx: Tx, statement: QueryConfig): Promise<Row[]> {
  const connection = tx.queryRunner && connections.get(tx.queryRunner);
  if (connection === undefined) throw new Error('a statement needs an open transaction');
  // Nobody but TypeORM has let go of it, which does so where the connection is lost.
  if (tx.queryRunner?.isReleased === true) throw new QueryFailedError(statement.text, statement.values, new Error('Connection terminated before the statement was sent'));
  const { stream } = (connection as PoolClient & Wire).connection;
  // Statements that do not wait for each other go out in one write.
  stream.cork();
  process.nextTick(() => stream.uncork());
  try {
    const { rows: answered } = await connection.query<Row & object>(statement);
    failures.delete(connection);
    return answered;
  } catch (error) {
    const failure = new QueryFailedError(statement.text, statement.values, error as Error);
    if (failures.has(connection)) throw failure;
    failures.set(connection, failure);
    // A migration beside us changes many at once: all are prepared anew, where nobody has begun to do so.
    if (isStale(failure) && names.get(statement.text) === statement.name) names.clear();
    throw failure;
  }
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

const unsettled = new WeakMap<object, Promise<unknown>[]>();

/**
 * Sends a statement whose rows nobody needs without waiting for it: those that follow are behind it on the same connection
 * all the same. If it fails, so does the transaction, and its failure is what is thrown: at the end, at the next settle, or in
 * the place of that of a statement behind it.
 */
export function later(tx: Tx, statement: Promise<unknown>): void {
  if (tx.queryRunner === undefined) throw new Error('a statement needs an open transaction');
  // Whoever settles hears of the failure; until then it is nobody's.
  statement.catch(() => undefined);
  unsettled.set(tx.queryRunner, [...(unsettled.get(tx.queryRunner) ?? []), statement]);
}

/** Waits for what was sent by `later`. @throws what the first of them threw */
export async function settle(tx: Tx, ...more: readonly Promise<unknown>[]): Promise<void> {
  if (tx.queryRunner === undefined) throw new Error('a statement needs an open transaction');
  const sent = [...(unsettled.get(tx.queryRunner) ?? []), ...more];
  unsettled.delete(tx.queryRunner);
  // All of them end before anything else happens: the connection is theirs until then.
  const failed = (await Promise.allSettled(sent)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The failure behind a failure: where the transaction has failed of another statement already, it is that one's. */
export async function causeOf(tx: Tx, failure: unknown): Promise<unknown> {
  await settle(tx).catch(() => undefined);
  const connection = tx.queryRunner && connections.get(tx.queryRunner);
  const first = connection && failures.get(connection);
  return first !== undefined && failure instanceof QueryFailedError ? first : failure;
}

/** Times leave storage as RFC 3339 text in UTC. */
export function time(value: Date): string;
export function time(value: Date | null): string | null;
export function time(value: Date | null): string | null {
  return value === null ? null : value.toISOString();
}
