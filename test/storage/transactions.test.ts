/** Transactions on a real PostgreSQL: run again after a real deadlock, undone on any other error, read-only in snapshots. */
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { CasmError } from '../../src/model/errors.js';
import { createDataSource } from '../../src/storage/database.js';
import { tentatively } from '../../src/storage/savepoint.js';
import { later, oneRow, prepared, rows, type Tx } from '../../src/storage/sql.js';
import { Transactions } from '../../src/storage/transactions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let source: DataSource;
let transactions: Transactions;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  await database.query('create table counters (id int primary key, count int not null)');
  source = await createDataSource(database.url, 8).initialize();
  transactions = new Transactions(source);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});
beforeEach(() => database.query('truncate counters').then(() => database.query('insert into counters select n, 0 from generate_series(1, 2) n')));

const passing = `do $$ begin raise exception 'again' using errcode = 'deadlock_detected'; end $$`;
const add = (tx: Tx, id: number): Promise<unknown> => rows(tx, 'update counters set count = count + 1 where id = $1', [id]);
const counts = async (): Promise<number[]> => (await database.query<{ count: number }>('select count from counters order by id')).map((row) => row.count);

test('two writes that lock each other out are both done, each once', async () => {
  const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const attempts = [0, 0];
  const crossing = (self: 0 | 1): Promise<void> =>
    transactions.write(async (tx) => {
      attempts[self] = (attempts[self] ?? 0) + 1;
      await add(tx, 1 + self);
      met[self].resolve();
      // Only after both hold their first row does either ask for the other's: a deadlock for certain, the first time.
      await met[1 - self]?.promise;
      await add(tx, 2 - self);
    });
  await Promise.all([crossing(0), crossing(1)]);
  expect(await counts()).toEqual([2, 2]);
  // The one that gave way may give way once more: it starts again while the other is still waking up.
  expect(Math.max(...attempts)).toBeGreaterThan(1);
});

test('a deadlock without end is given up, to be tried again by the caller', async () => {
  let attempts = 0;
  const hopeless = transactions.write(async (tx) => {
    attempts += 1;
    await add(tx, 1);
    await rows(tx, passing);
  });
  await expect(hopeless).rejects.toMatchObject({ code: 'busy', cause: { driverError: { code: '40P01' } } });
  expect(attempts).toBe(5);
  expect(await counts()).toEqual([0, 0]);
});

test('a rehearsal that meets a deadlock is run again, too, and leaves nothing', async () => {
  let attempts = 0;
  const found = await transactions.rehearse(async (tx) => {
    attempts += 1;
    await add(tx, 1);
    if (attempts === 1) await rows(tx, passing);
    return oneRow(tx, 'select count from counters where id = 1');
  });
  expect([attempts, found, await counts()]).toEqual([2, { count: 1 }, [0, 0]]);
});

test('any other error undoes the work, and is not tried again', async () => {
  let attempts = 0;
  const failing = transactions.write(async (tx) => {
    attempts += 1;
    await add(tx, 1);
    throw new CasmError('name-taken', 'no');
  });
  await expect(failing).rejects.toMatchObject({ code: 'name-taken' });
  expect(attempts).toBe(1);
  expect(await counts()).toEqual([0, 0]);
});

test('a refusal of the database arrives in the words of the model', async () => {
  const twice = transactions.write(async (tx) => {
    for (const id of ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002']) await rows(tx, `insert into spaces (id, name) values ($1, 'twice')`, [id]);
  });
  await expect(twice).rejects.toMatchObject({ name: 'CasmError', code: 'name-taken' });
});

test('what was sent without waiting and failed is what is thrown, not the refusal of the statement behind it', async () => {
  let attempts = 0;
  await transactions.write(async (tx) => {
    attempts += 1;
    if (attempts === 1) later(tx, rows(tx, passing));
    await add(tx, 1);
  });
  expect(attempts).toBe(2);
  const refused = transactions.write(async (tx) => {
    for (const id of ['00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000004']) later(tx, rows(tx, `insert into spaces (id, name) values ($1, 'thrice')`, [id]));
    await add(tx, 1);
  });
  await expect(refused).rejects.toMatchObject({ name: 'CasmError', code: 'name-taken' });
  expect(await counts()).toEqual([1, 0]);
});

test('so it is where several are waited for at once, and where a statement behind it is known by a name that was never learnt', async () => {
  let attempts = 0;
  const nested = (tx: Tx): Promise<unknown> => Promise.all([attempts === 1 ? rows(tx, passing) : undefined, add(tx, 2)]);
  await transactions.write(async (tx) => {
    attempts += 1;
    await Promise.all([nested(tx), add(tx, 1)]);
  });
  expect(attempts).toBe(2);
  const refused = transactions.write(async (tx) => {
    later(tx, rows(tx, 'insert into counters values (1, 0)'));
    const unlearnt = (): Promise<unknown> => prepared(tx, 'select count as unlearnt from counters');
    later(tx, unlearnt());
    await unlearnt();
  });
  await expect(refused).rejects.toMatchObject({ driverError: { code: '23505' } });
  expect(await counts()).toEqual([1, 1]);
});

test('a part that is refused in a transaction that had failed before it says of what that was', async () => {
  let attempts = 0;
  await transactions.write(async (tx) => {
    attempts += 1;
    if (attempts === 1) later(tx, rows(tx, passing));
    await tentatively(tx, () => Promise.reject(new CasmError('name-taken', 'no'))).catch((error: unknown) => {
      if (!(error instanceof CasmError)) throw error;
    });
    await add(tx, 1);
  });
  expect([attempts, ...(await counts())]).toEqual([2, 1, 0]);
});

test('a prepared statement whose table has changed, or that was discarded, is prepared anew', async () => {
  const all = (tx: Tx): Promise<unknown[]> => prepared(tx, 'select * from counters order by id');
  const begun = [{ id: 1, count: 0 }, { id: 2, count: 0 }];
  const everywhere = (): Promise<unknown[][]> => Promise.all(Array.from({ length: 8 }, () => transactions.write(all)));
  expect((await everywhere())[0]).toEqual(begun);
  await database.query('alter table counters add column note text');
  for (const found of await everywhere()) expect(found).toHaveLength(2);
  await database.query('alter table counters drop column note');
  expect(await transactions.snapshot(all)).toEqual(begun);
  await database.query('alter table counters add column note text');
  expect(await transactions.glance(all)).toHaveLength(2);
  await database.query('alter table counters drop column note');
  await everywhere();
  await Promise.all(Array.from({ length: 8 }, () => transactions.glance((tx) => rows(tx, 'discard all'))));
  expect((await everywhere())[7]).toEqual(begun);
});

test('the same in a part: the part alone is undone, unless the transaction had failed before it', async () => {
  await transactions.write(async (tx) => {
    const part = tentatively(tx, async () => {
      await add(tx, 2);
      later(tx, rows(tx, 'insert into counters values (1, 0)'));
      await add(tx, 2);
    });
    await expect(part).rejects.toMatchObject({ driverError: { code: '23505' } });
    await add(tx, 1);
  });
  expect(await counts()).toEqual([1, 0]);
  let attempts = 0;
  await transactions.write(async (tx) => {
    attempts += 1;
    if (attempts === 1) later(tx, rows(tx, passing));
    await tentatively(tx, () => add(tx, 2));
  });
  expect([attempts, ...(await counts())]).toEqual([2, 1, 1]);
});

test('a snapshot sees one moment, and cannot write', async () => {
  const count = (tx: Tx): Promise<{ count: number }> => oneRow(tx, 'select count from counters where id = 1');
  await transactions.snapshot(async (tx) => {
    expect(await count(tx)).toEqual({ count: 0 });
    await transactions.write((other) => add(other, 1));
    expect(await count(tx)).toEqual({ count: 0 });
  });
  expect(await counts()).toEqual([1, 0]);
  await expect(transactions.snapshot((tx) => add(tx, 1))).rejects.toMatchObject({ driverError: { code: '25006' } });
});

test('nothing runs outside a transaction', async () => {
  await expect(rows(source.manager, 'select 1')).rejects.toThrow('needs an open transaction');
});

test('a connection lost while nothing was asked of it is told from a statement that has no transaction', async () => {
  const lost = transactions.write(async (tx) => {
    const { pid } = await oneRow<{ pid: number }>(tx, 'select pg_backend_pid() as pid');
    await database.query('select pg_terminate_backend($1)', [pid]);
    await vi.waitUntil(() => tx.queryRunner?.isReleased === true);
    await add(tx, 1);
  });
  await expect(lost).rejects.toMatchObject({ driverError: { message: expect.stringContaining('Connection terminated') as string } });
  let after: Tx | undefined;
  await transactions.write(async (tx) => {
    after = tx;
  });
  await expect(add(after as Tx, 1)).rejects.toThrow('needs an open transaction');
});

test('a connection lost in the middle is an error for that caller alone', async () => {
  const lost = transactions.write(async (tx) => {
    const { pid } = await oneRow<{ pid: number }>(tx, 'select pg_backend_pid() as pid');
    await add(tx, 1);
    await database.query('select pg_terminate_backend($1)', [pid]);
    await add(tx, 1);
  });
  await expect(lost).rejects.toThrow();
  await transactions.write((tx) => add(tx, 2));
  expect(await counts()).toEqual([0, 1]);
});
