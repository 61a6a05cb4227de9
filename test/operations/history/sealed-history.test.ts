/** Tamper evidence on a real journal: whoever may do anything in the database changes something, and it is found and named. */
import { execFile } from 'node:child_process';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { controllerActor } from '../../../src/model/audit.js';
import { Hall } from '../../../src/operations/hall.js';
import { forgetHistory } from '../../../src/operations/history/forget-history.js';
import { sealHistory } from '../../../src/operations/history/seal-history.js';
import { verifyHistory, type Verdict } from '../../../src/operations/history/verify-history.js';
import { listHistory } from '../../../src/operations/history/list-history.js';
import type { Work } from '../../../src/operations/work.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/controller.js';
import { pastHorizon } from '../../support/horizon.js';

let database: TestDatabase;
let source: DataSource;
let transactions: Transactions;
let hall: Hall;
const now = new Date();
beforeEach(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  source = await createDataSource(database.url, 4).initialize();
  transactions = new Transactions(source);
  hall = new Hall(transactions, new SecretBox(Buffer.alloc(32, 7)), () => now, () => '0192f5f0-0000-7000-8000-000000000001');
});
afterEach(async () => {
  await source.destroy();
  await database.drop();
});

const idOf = (number: number): string => `0192f5f0-0000-7000-8000-${String(number).padStart(12, '0')}`;
const yearsAgo = (years: number): string => new Date(now.getTime() - years * 366 * 86_400_000).toISOString();

async function happens(numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const change = (work: Work): Promise<void> => Promise.resolve(work.audit({ resourceType: 'space', resourceId: idOf(number), before: null, after: { name: `space ${number}`, labels: { a: 'é' } } }));
    await hall.write({ operation: 'createSpace', actor: controllerActor, requestId: `request-${number}` }, change, undefined);
  }
}

/** One range of all there is. */
async function seal(): Promise<void> {
  await pastHorizon(database);
  await hall.act('sealHistory', sealHistory, undefined);
  expect((await verify()).unsealed.rows).toBe(0);
}

const verify = (anchor?: string): Promise<Verdict> => transactions.snapshot((tx) => verifyHistory(tx, { anchor }));

/** As a superuser past all triggers. */
async function tamper(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('set session_replication_role = replica');
  await client.query(sql);
  await client.end();
}

async function threeRanges(): Promise<void> {
  for (const numbers of [[1, 2, 3], [4, 5, 6], [7, 8, 9]]) {
    await happens(numbers);
    await seal();
  }
}

const rowOf = async (number: number): Promise<string> => (await database.query<{ id: string }>('select id from audit where request_id = $1', [`request-${number}`]))[0]?.id ?? '';

test('what nobody touched is as it was sealed; what is newer is not judged', async () => {
  await threeRanges();
  await happens([10]);
  const verdict = await verify();
  expect(verdict).toMatchObject({ ranges: 3, rows: 9, findings: [], forgotten: { rows: 0 }, unsealed: { rows: 1, since: expect.stringMatching(/Z$/) }, head: expect.stringMatching(/^3:[0-9a-f]{64}$/) });
  await seal();
  expect(await verify(verdict.head ?? '')).toMatchObject({ ranges: 4, rows: 10, findings: [] });
  expect(await hall.act('sealHistory', sealHistory, undefined)).toBe(false);
  expect((await verify()).ranges).toBe(4);
});

test.each([
  ['one byte of what it was after', `update audit set after = '{"name": "Space 5", "labels": {"a": "é"}}'`],
  ['the actor', `update audit set actor = 'controlleR'`],
  ['the time, by a millisecond', `update audit set at = at + interval '1 millisecond'`],
  ['the request id', `update audit set request_id = request_id || ' '`],
  ['a null', `update audit set before = 'null'::jsonb`],
])('one changed byte is found, and its row named: %s', async (_, change) => {
  await threeRanges();
  const id = await rowOf(5);
  await tamper(`${change} where id = ${id}`);
  const { findings } = await verify();
  expect(findings).toEqual([expect.stringMatching(`^range 2 .*row ${id} is not as it was sealed$`)]);
});

test('a deleted row is found, and where it stood', async () => {
  await threeRanges();
  const before = await rowOf(7);
  await tamper(`delete from audit where request_id = 'request-8'`);
  expect((await verify()).findings).toEqual([expect.stringMatching(`^range 3 .*1 row.* gone, the first behind row ${before}$`)]);
});

test('two rows that changed places, and a row smuggled in, are found', async () => {
  await threeRanges();
  const [one, other] = [await rowOf(4), await rowOf(6)];
  await tamper(`update audit a set turn = b.turn from audit b where a.id in (${one}, ${other}) and b.id in (${one}, ${other}) and a.id <> b.id`);
  const found = (await verify()).findings;
  expect(found.length).toBeGreaterThan(0);
  expect(found.join()).toContain('range 2');
  await tamper(`insert into audit (turn, actor, role, request_id, operation, resource_type) select turn, 'x', 'admin', 'x', 'x', 'x' from audit where request_id = 'request-2'`);
  expect((await verify()).findings[0]).toMatch(/^range 1 .*row \d+ is not as it was sealed$/);
});

test.each([
  ['in the middle', 2, 'seal 2 is gone'],
  ['at the beginning', 1, 'seal 1 is gone'],
])('a deleted seal is found: %s', async (_, number, finding) => {
  await threeRanges();
  await tamper(`delete from audit_seals where number = ${number}`);
  expect((await verify()).findings[0]).toContain(finding);
});

test('a deleted newest seal leaves its rows unsealed, and is found by a head noted elsewhere', async () => {
  await threeRanges();
  const { head } = await verify();
  await tamper('delete from audit_seals where number = 3');
  expect(await verify()).toMatchObject({ ranges: 2, findings: [], unsealed: { rows: 3 } });
  expect((await verify(head ?? '')).findings).toEqual([expect.stringContaining('not in the chain')]);
});

test('a seal made to fit what was changed no longer fits the next', async () => {
  await threeRanges();
  await tamper(`update audit_seals set hash = sha256('forged') where number = 2`);
  const { findings } = await verify();
  expect(findings).toEqual([expect.stringContaining('the seal itself was changed'), expect.stringMatching(/^range 3 .*the seal before it/)]);
});

test('nobody changes a seal in passing', async () => {
  await threeRanges();
  for (const sql of ['update audit_seals set number = 9', 'delete from audit_seals', 'truncate audit_seals']) await expect(database.query(sql)).rejects.toThrow('append-only');
});

test('seals made at once by two are made one after the other', async () => {
  await happens([1, 2, 3]);
  await eventually(async () => {
    await Promise.all([1, 2, 3].map(() => hall.act('sealHistory', sealHistory, undefined)));
    expect(await verify()).toMatchObject({ rows: 3, findings: [] });
  });
});

const allocationEntry = (number: number, at: string, state: string | null, holder = 'holder'): string => {
  const allocation = JSON.stringify({ id: idOf(number), spaceId: idOf(100), poolId: idOf(101), prefix: `45.96.${number}.0/24`, state, holder, service: 's', deviceId: null });
  const [before, after] = state === null ? [`'${allocation.replace('null', '"quarantined"')}'`, 'null'] : ['null', `'${allocation}'`];
  return `insert into audit (at, actor, role, request_id, operation, resource_type, resource_id, before, after) values ('${at}', 'raw', 'admin', 'old', 'allocatePrefix', 'allocation', '${idOf(number)}', ${before}, ${after})`;
};

test('what is past retention goes, its seals stay, and what reaches into the time kept is still answered', async () => {
  // 1 lived and ended long ago; 2 has been held since long ago; 3 began long ago and ended in the time kept.
  for (const sql of [allocationEntry(1, yearsAgo(12), 'active'), allocationEntry(1, yearsAgo(11), null), allocationEntry(2, yearsAgo(10), 'active'), allocationEntry(3, yearsAgo(10), 'active', 'lasting'), allocationEntry(2, yearsAgo(9), 'active', 'moved')]) {
    await database.query(sql);
  }
  await seal();
  await database.query(allocationEntry(3, yearsAgo(2), null));
  await seal();
  expect(await hall.act('forgetHistory', forgetHistory, { years: 7 })).toBe(false);
  const kept = await database.query<{ resource_id: string; holder: string | null }>(`select resource_id, after ->> 'holder' as holder from audit where resource_type = 'allocation' order by id`);
  expect(kept).toEqual([{ resource_id: idOf(3), holder: 'lasting' }, { resource_id: idOf(2), holder: 'moved' }, { resource_id: idOf(3), holder: null }]);
  await seal();
  expect(await verify()).toMatchObject({ findings: [], ranges: 3, forgotten: { rows: 3, ranges: 1 } });
  const ask = (contains: string, years: number): Promise<string[]> =>
    hall.read(listHistory, { limit: 10, contains, at: yearsAgo(years) }).then(({ items }) => items.map((state) => state.holder));
  expect([await ask('45.96.2.1', 5), await ask('45.96.3.1', 5), await ask('45.96.3.1', 1)]).toEqual([['moved'], ['lasting'], []]);
  // What is not past retention may not be missing, and what is left of an old range may not be changed.
  await tamper(`delete from audit where at = '${yearsAgo(2)}'`);
  await tamper(`update audit set actor = 'nobody' where resource_id = '${idOf(2)}'`);
  expect((await verify()).findings).toEqual([expect.stringMatching(/^range 1 .*not as it was sealed$/), expect.stringMatching(/^range 1 .* gone/), expect.stringMatching(/^range 2 .* gone/)]);
});

test('nothing else than the retention deletes, and it deletes nothing young', async () => {
  await happens([1]);
  await database.query(allocationEntry(1, yearsAgo(12), 'active'));
  await expect(database.query('delete from audit')).rejects.toThrow('append-only');
  await expect(transactions.write((tx) => tx.query(`select set_config('casm.forget', 'past retention', true); delete from audit where request_id = 'request-1'`))).rejects.toThrow('append-only');
  // Unsealed, it stays, however old.
  expect(await hall.act('forgetHistory', forgetHistory, { years: 1 })).toBe(false);
  expect(await database.query('select from audit')).toHaveLength(2);
});

test('the command says so, and ends with 1 when something was changed', async () => {
  await threeRanges();
  const run = (...more: string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['dist/verify-history.js', ...more], { env: { DATABASE_URL: database.url } }, (error, stdout) => resolve({ code: error === null ? 0 : Number(error.code), output: stdout }));
    });
  const first = await run();
  expect(first).toEqual({ code: 0, output: expect.stringMatching(/as sealed: 3 ranges, 9 rows; newest seal 3:[0-9a-f]{64}\n$/) });
  expect((await run('3:00')).code).toBe(1);
  await tamper(`update audit set role = 'Admin' where request_id = 'request-1'`);
  expect(await run()).toEqual({ code: 1, output: expect.stringMatching(/^range 1 .*\nNOT as sealed/) });
});
