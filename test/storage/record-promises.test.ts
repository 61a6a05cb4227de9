/** What the database itself promises of devices, deliveries, tokens and the audit. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { RawPlan, refusalOf } from './raw-plan.js';

let database: TestDatabase;
let plan: RawPlan;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  plan = new RawPlan(database);
});
afterAll(() => database.drop());

test('what is applied was rendered, and what was rendered was wanted', async () => {
  const device = await plan.device(await plan.space());
  const set = (wanted: number, rendered: number, applied: number): Promise<unknown> =>
    database.query('update deliveries set wanted_revision = $2, rendered_revision = $3, applied_revision = $4 where device_id = $1', [device, wanted, rendered, applied]);
  await set(7, 7, 7);
  await set(9, 8, 7);
  for (const [wanted, rendered, applied] of [[7, 8, 7], [9, 7, 8], [6, 7, 7]] as const) {
    expect(await refusalOf(set(wanted, rendered, applied))).toMatchObject({ constraint: 'deliveries_in_order' });
  }
});

test('the audit is append-only, even for its owner', async () => {
  await database.query(`insert into audit (actor, role, request_id, operation, resource_type) values ('a', 'admin', 'r', 'o', 't')`);
  for (const change of [`update audit set actor = 'b'`, 'delete from audit', 'truncate audit', `update audit set actor = 'b' where false`]) {
    expect((await refusalOf(database.query(change))).message, change).toBe('the audit is append-only');
  }
  expect(await database.query('select actor from audit')).toEqual([{ actor: 'a' }]);
});

test('a token of role device has a device, and no other has; it ends with its device', async () => {
  const device = await plan.device(await plan.space());
  const insert = (role: string, deviceId: string | null, hash = randomBytes(32)): Promise<unknown> =>
    database.query('insert into tokens (id, name, role, device_id, hash) values ($1, $2, $3, $4, $5)', [randomUUID(), 'name', role, deviceId, hash]);
  await insert('device', device);
  await insert('admin', null);
  expect(await refusalOf(insert('device', null))).toMatchObject({ constraint: 'tokens_device_role' });
  expect(await refusalOf(insert('admin', device))).toMatchObject({ constraint: 'tokens_device_role' });
  expect(await refusalOf(insert('device', randomUUID()))).toMatchObject({ constraint: 'tokens_device_exists' });
  expect(await refusalOf(insert('root', null))).toMatchObject({ code: '23514' });
  const hash = randomBytes(32);
  await insert('viewer', null, hash);
  expect(await refusalOf(insert('viewer', null, hash))).toMatchObject({ constraint: 'tokens_hash_unique' });
  await database.query('delete from devices where id = $1', [device]);
  expect(await database.query('select from tokens where device_id = $1', [device])).toEqual([]);
});

test('a device that serves an allocation stays', async () => {
  const space = await plan.space();
  const device = await plan.device(space);
  const pool = await plan.pool(space, ['10.0.0.0/16']);
  const allocation = await plan.allocation(space, pool, '10.0.0.0/16', '10.0.0.0/24', { deviceId: device });
  expect(await refusalOf(database.query('delete from devices where id = $1', [device]))).toMatchObject({ constraint: 'allocations_device_exists' });
  await database.query('delete from allocations where id = $1', [allocation]);
  await database.query('delete from devices where id = $1', [device]);
  expect(await database.query('select from deliveries where device_id = $1', [device])).toEqual([]);
});

test('a revision is awaited of a device that is named', async () => {
  const space = await plan.space();
  const pool = await plan.pool(space, ['10.0.0.0/16']);
  const id = await plan.allocation(space, pool, '10.0.0.0/16', '10.0.0.0/24');
  expect((await refusalOf(database.query('update allocations set device_revision = 1 where id = $1', [id]))).constraint).toMatch(/allocations_device_revision/);
  expect((await refusalOf(database.query('update allocations set rpki_revision = 1 where id = $1', [id]))).constraint).toMatch(/allocations_rpki_revision/);
});

test('a report is stored once by device and sequence', async () => {
  const device = await plan.device(await plan.space());
  const report = (sequence: number): Promise<unknown> => database.query(`insert into reports (device_id, sequence, ranges) values ($1, $2, '[]')`, [device, sequence]);
  await report(1);
  await report(2);
  expect(await refusalOf(report(2))).toMatchObject({ constraint: 'reports_pkey' });
});

test('names are unique where they are looked up by: spaces, devices, pools of one parent', async () => {
  const name = `name-${randomUUID()}`;
  const space = await plan.space(name);
  expect(await refusalOf(plan.space(name))).toMatchObject({ constraint: 'spaces_name_unique' });
  const root = await plan.pool(space, []);
  const pool = (parent: string | null): Promise<unknown> => database.query(`insert into pools (id, space_id, parent_id, name, policy) values ($1, $2, $3, $4, '{}')`, [randomUUID(), space, parent, name]);
  await pool(null);
  await pool(root);
  expect(await refusalOf(pool(null))).toMatchObject({ constraint: 'pools_name_unique' });
  expect(await refusalOf(pool(root))).toMatchObject({ constraint: 'pools_name_unique' });
});
