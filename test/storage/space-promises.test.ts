/** What the database itself promises of spaces, pools and allocations, whatever a program tells it. */
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

test.each([
  ['the same prefix', '10.0.0.0/24', '10.0.0.0/24'],
  ['a part of it', '10.0.0.0/24', '10.0.0.128/25'],
  ['what it is a part of', '10.0.0.7/32', '10.0.0.0/24'],
  ['the same in IPv6', '2a0e:b100::/64', '2a0e:b100::/64'],
])('a space is allocated once: %s is refused', async (_, first, second) => {
  const space = await plan.space();
  const [one, other] = [await plan.pool(space, ['10.0.0.0/16']), await plan.pool(space, ['2a0e:b100::/32'])];
  const poolId = first.includes(':') ? other : one;
  const poolPrefix = first.includes(':') ? '2a0e:b100::/32' : '10.0.0.0/16';
  await plan.allocation(space, poolId, poolPrefix, first);
  expect(await refusalOf(plan.allocation(space, poolId, poolPrefix, second))).toMatchObject({ code: '23P01', constraint: expect.stringMatching(/^allocations_no_overlap_\d+$/) as string });
});

test('in quarantine a prefix is still taken, and free when its row is gone', async () => {
  const space = await plan.space();
  const poolId = await plan.pool(space, ['10.0.0.0/16']);
  const id = await plan.allocation(space, poolId, '10.0.0.0/16', '10.0.0.0/24', { state: 'quarantined' });
  expect(await refusalOf(plan.allocation(space, poolId, '10.0.0.0/16', '10.0.0.0/25'))).toMatchObject({ code: '23P01' });
  await database.query('delete from allocations where id = $1', [id]);
  await plan.allocation(space, poolId, '10.0.0.0/16', '10.0.0.0/25');
});

test('two spaces may use the same prefix', async () => {
  for (const space of [await plan.space(), await plan.space()]) {
    await plan.allocation(space, await plan.pool(space, ['10.0.0.0/16']), '10.0.0.0/16', '10.0.0.0/24');
  }
});

test('two who allocate the same prefix at the same moment: one of them has it', async () => {
  const space = await plan.space();
  const poolId = await plan.pool(space, ['10.0.0.0/16']);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, (_, at) => plan.allocation(space, poolId, '10.0.0.0/16', at % 2 === 0 ? '10.0.0.0/24' : '10.0.0.0/25')));
  expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
});

test('an allocation lies in a prefix that its pool has', async () => {
  const space = await plan.space();
  const poolId = await plan.pool(space, ['10.0.0.0/16']);
  expect(await refusalOf(plan.allocation(space, poolId, '10.0.0.0/16', '10.1.0.0/24'))).toMatchObject({ constraint: 'allocations_inside_pool' });
  expect(await refusalOf(plan.allocation(space, poolId, '10.1.0.0/16', '10.1.0.0/24'))).toMatchObject({ constraint: 'allocations_pool_prefix' });
  expect(await refusalOf(plan.allocation(await plan.space(), poolId, '10.0.0.0/16', '10.0.0.0/24'))).toMatchObject({ constraint: 'allocations_pool_in_space' });
});

test('a prefix has no host bits', async () => {
  const space = await plan.space();
  expect(await refusalOf(plan.pool(space, ['10.0.0.1/16']))).toMatchObject({ code: '22P02' });
});

test('siblings do not overlap, under a parent or as roots of a space', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8']);
  const parent = { id: root, prefix: '10.0.0.0/8' };
  await plan.pool(space, ['10.1.0.0/16'], parent);
  for (const taken of ['10.1.0.0/16', '10.1.2.0/24', '10.0.0.0/15']) {
    expect(await refusalOf(plan.pool(space, [taken], parent)), taken).toMatchObject({ constraint: 'pool_prefixes_no_overlap' });
  }
  expect(await refusalOf(plan.pool(space, ['10.2.0.0/16', '10.2.0.0/24'], parent))).toMatchObject({ constraint: 'pool_prefixes_no_overlap' });
  expect(await refusalOf(plan.pool(space, ['10.0.0.0/8']))).toMatchObject({ constraint: 'pool_prefixes_no_overlap' });
  expect(await refusalOf(plan.pool(space, ['0.0.0.0/0']))).toMatchObject({ constraint: 'pool_prefixes_no_overlap' });
  await plan.pool(await plan.space(), ['10.0.0.0/8']);
});

test('a child lies in its parent, in the parent prefix it says, in the parent\'s space', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8', '11.0.0.0/8']);
  expect(await refusalOf(plan.pool(space, ['12.0.0.0/16'], { id: root, prefix: '10.0.0.0/8' }))).toMatchObject({ constraint: 'pool_prefixes_inside_parent' });
  expect(await refusalOf(plan.pool(space, ['11.0.0.0/16'], { id: root, prefix: '10.0.0.0/8' }))).toMatchObject({ constraint: 'pool_prefixes_inside_parent' });
  expect(await refusalOf(plan.pool(space, ['12.0.0.0/16'], { id: root, prefix: '12.0.0.0/8' }))).toMatchObject({ constraint: 'pool_prefixes_parent' });
  expect(await refusalOf(plan.pool(await plan.space(), ['10.0.0.0/16'], { id: root, prefix: '10.0.0.0/8' }))).toMatchObject({ constraint: 'pools_parent_in_space' });
});

test('what is delegated is not allocated, and what is allocated is not delegated', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8']);
  const parent = { id: root, prefix: '10.0.0.0/8' };
  await plan.pool(space, ['10.1.0.0/16'], parent);
  for (const delegated of ['10.1.0.0/16', '10.1.2.3/32', '10.0.0.0/15']) {
    expect(await refusalOf(plan.allocation(space, root, '10.0.0.0/8', delegated)), delegated).toMatchObject({ code: '23P01', constraint: 'allocations_not_delegated' });
  }
  await plan.allocation(space, root, '10.0.0.0/8', '10.2.0.0/24');
  for (const allocated of ['10.2.0.0/24', '10.2.0.0/16', '10.2.0.128/25']) {
    expect(await refusalOf(plan.pool(space, [allocated], parent)), allocated).toMatchObject({ code: '23P01', constraint: 'pool_prefixes_not_allocated' });
  }
});

test('a statement of many rows is refused for one of them', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8']);
  await plan.pool(space, ['10.1.0.0/16'], { id: root, prefix: '10.0.0.0/8' });
  const many = database.query(
    `insert into allocations (id, space_id, pool_id, pool_prefix, prefix, state, holder, service, request)
     select gen_random_uuid(), $1, $2, '10.0.0.0/8', p, 'active', 'h', 's', '{}' from unnest($3::cidr[]) as p`,
    [space, root, ['10.3.0.0/24', '10.1.9.0/24', '10.4.0.0/24']],
  );
  expect(await refusalOf(many)).toMatchObject({ constraint: 'allocations_not_delegated' });
  expect(await database.query('select from allocations where pool_id = $1', [root])).toEqual([]);
});

test('a pool keeps the prefixes it has allocated or delegated', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8', '11.0.0.0/8']);
  await plan.allocation(space, root, '10.0.0.0/8', '10.2.0.0/24');
  await plan.pool(space, ['11.1.0.0/16'], { id: root, prefix: '11.0.0.0/8' });
  expect(await refusalOf(database.query(`delete from pool_prefixes where pool_id = $1 and prefix = '10.0.0.0/8'`, [root]))).toMatchObject({ constraint: 'allocations_pool_prefix' });
  expect(await refusalOf(database.query(`delete from pool_prefixes where pool_id = $1 and prefix = '11.0.0.0/8'`, [root]))).toMatchObject({ constraint: 'pool_prefixes_parent' });
  expect((await refusalOf(database.query('delete from pools where id = $1', [root]))).code).toBe('23503');
});

test('a free block lies in its pool prefix, and stands there once', async () => {
  const space = await plan.space();
  const root = await plan.pool(space, ['10.0.0.0/8']);
  await plan.free(root, '10.0.0.0/9', '10.0.0.0/8');
  expect(await refusalOf(plan.free(root, '10.0.0.0/9', '10.0.0.0/8'))).toMatchObject({ constraint: 'free_blocks_pkey' });
  expect(await refusalOf(plan.free(root, '11.0.0.0/9', '10.0.0.0/8'))).toMatchObject({ constraint: 'free_blocks_inside_pool' });
  expect(await refusalOf(plan.free(root, '11.0.0.0/9', '11.0.0.0/8'))).toMatchObject({ constraint: 'free_blocks_pool_prefix' });
});

test('quarantine has an end, and nothing else has', async () => {
  const space = await plan.space();
  const poolId = await plan.pool(space, ['10.0.0.0/16']);
  const id = await plan.allocation(space, poolId, '10.0.0.0/16', '10.0.0.0/24');
  expect(await refusalOf(database.query(`update allocations set state = 'quarantined' where id = $1`, [id]))).toMatchObject({ constraint: expect.stringMatching(/allocations_quarantine/) as string });
  expect(await refusalOf(database.query('update allocations set quarantined_until = now() where id = $1', [id]))).toMatchObject({ constraint: expect.stringMatching(/allocations_quarantine/) as string });
  expect(await refusalOf(database.query(`update allocations set state = 'free' where id = $1`, [id]))).toMatchObject({ code: '23514' });
});
