/** What other systems fell into, each by its name: tried here, or tried elsewhere and listed here with the place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiAnswer } from '../support/api.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newRoot, newSpace, overlaps, sleep, unique, withConnection } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const deadlocks = async (): Promise<number> => {
  const [row] = await controller.database.query<{ deadlocks: string }>('select deadlocks from pg_stat_database where datname = current_database()');
  return Number(row?.deadlocks);
};

test('the expiry sweeper does not deadlock allocators: what ends, ends while others allocate, release and change in the same pools', async () => {
  const { api, database } = controller;
  const spaceId = await newSpace(api);
  const pools = await Promise.all(['45.96.0.0/16', '45.97.0.0/16'].map((prefix) => api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: unique('pool'), prefixes: [prefix] } })));
  const ids: string[] = pools.map((pool) => pool.id);
  const [one = '', other = ''] = ids;
  const validUntil = new Date(Date.now() + 6_000).toISOString();
  const passing = await Promise.all(Array.from({ length: 60 }, (_, at) => allocate(api, ids[at % 2] ?? '', { prefixLength: 28, validUntil })));
  await Promise.all(Array.from({ length: 20 }, (_, at) => api.expect(201, 'POST', '/v1/holds', { body: { poolId: ids[at % 2], prefixLength: 28, holder: 'h', seconds: 6 } })));
  await sleep(Math.max(0, Date.parse(validUntil) - Date.now() - 300));
  const before = await deadlocks();
  const mine: string[] = [];
  const left = async (): Promise<number> => (await database.query('select from allocations where pool_id = any($1) and valid_until is not null', [ids])).length;
  const client = async (number: number): Promise<void> => {
    const order = number % 2 === 0 ? [one, other] : [other, one];
    while ((await left()) > 0) {
      const items = order.map((poolId) => ({ request: allocationOf(poolId, { prefixLength: 30 }) }));
      const set = await api.expect(201, 'POST', '/v1/allocation-sets', { body: { items } });
      const [first, second]: { id: string }[] = set.items;
      await api.expect(200, 'PATCH', `/v1/allocations/${first?.id}`, { body: { labels: { by: String(number) } } });
      await api.expect(200, 'DELETE', `/v1/allocations/${second?.id}`);
      mine.push(first?.id ?? '');
      // One that is about to end may be released by hand as well: whoever comes second finds it gone.
      const ending = passing.pop();
      if (ending !== undefined) expect([200, 404]).toContain((await api.delete(`/v1/allocations/${ending.id}`)).status);
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, number) => client(number)));
  await Promise.all(mine.map((id) => api.expect(200, 'DELETE', `/v1/allocations/${id}`)));
  // The statistics of a connection are told a moment after it has come to rest.
  await sleep(1_200);
  expect(await deadlocks()).toBe(before);
  expect(await database.query('select task_identifier, last_error from graphile_worker.jobs where last_error is not null')).toEqual([]);
  expect(await Promise.all(ids.map((id) => freeBlocks(database, id)))).toEqual([['45.96.0.0/16'], ['45.97.0.0/16']]);
}, 60_000);

test('one lock for the whole site: while one pool is in somebody’s turn, and its expiry waits, everything else goes on', async () => {
  const { api, database } = controller;
  const [busy, idle] = [await newRoot(api, ['45.96.0.0/24']), await newRoot(api, ['45.96.0.0/24'])];
  const validUntil = new Date(Date.now() + 2_000).toISOString();
  const { id } = await allocate(api, busy.id, { prefixLength: 28, validUntil });
  const passing = await allocate(api, idle.id, { prefixLength: 28, validUntil });
  await withConnection(database, async (other) => {
    await other.query('begin');
    await other.query('select from pools where id = $1 for no key update', [busy.id]);
    await allocate(api, idle.id, { prefixLength: 26 });
    await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${passing.id}`));
    await api.expect(200, 'GET', `/v1/allocations/${id}`);
    await other.query('rollback');
  });
  await eventually(() => api.problem('allocation-not-found', 'GET', `/v1/allocations/${id}`));
});

test('SKIP LOCKED never makes a pool look full: a free block that somebody has locked is waited for', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/30']);
  await withConnection(database, async (other) => {
    await other.query('begin');
    await other.query('select from free_blocks where pool_id = $1 for update', [root.id]);
    let answered = false;
    const asked = api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 30 })).finally(() => (answered = true));
    await sleep(300);
    expect(answered).toBe(false);
    await other.query('rollback');
    expect(await asked).toMatchObject({ status: 201, body: { prefix: '45.96.0.0/30' } });
  });
});

test('a path of its own around the lock: whichever way the last /30 is taken, one has it', async () => {
  const { api, database } = controller;
  for (let round = 0; round < 5; round += 1) {
    const root = await newRoot(api, ['45.96.0.0/30']);
    const ways: (() => Promise<ApiAnswer>)[] = [
      () => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 30 })),
      () => api.post('/v1/allocations', allocationOf(root.id, { prefix: '45.96.0.0/30' })),
      () => api.post('/v1/allocations', { poolSelector: { poolIds: [root.id] }, prefixLength: 30, holder: 'h', service: 's' }),
      () => api.post('/v1/allocation-sets', { items: [{ request: allocationOf(root.id, { prefixLength: 30 }) }] }),
      () => api.post('/v1/holds', { poolId: root.id, prefixLength: 30, holder: 'h' }),
      () => api.post('/v1/batches', { mode: 'atomic', items: [{ operation: 'allocatePrefix', body: allocationOf(root.id, { prefix: '45.96.0.0/30' }) }] }),
      () => api.post('/v1/pools', { parentId: root.id, name: unique('child'), prefixes: ['45.96.0.0/30'] }),
      () => api.post('/v1/pools', { parentId: root.id, name: unique('child'), carve: [{ family: 'ipv4', prefixLength: 30 }] }),
    ];
    const answers = await Promise.all(ways.map((way) => way()));
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    const refusals = answers.filter(({ status }) => status >= 300).map(({ body }) => body.cause?.code ?? body.problem?.code ?? body.code);
    expect(refusals.filter((code) => code !== 'pool-exhausted' && code !== 'prefix-not-free')).toEqual([]);
    expect(await freeBlocks(database, root.id)).toEqual([]);
  }
  expect(await overlaps(database)).toEqual([]);
});

test('availability is not computed under a restricted view: what others hold, or let rest, is free for nobody', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/29'], { policy: { quarantineSeconds: 3600 } });
  const token = async (role: string): Promise<string> => (await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique(role), role } })).token;
  const [viewer, other] = [api.as(await token('viewer')), api.as(await token('operator'))];
  await other.expect(201, 'POST', '/v1/holds', { body: { poolId: root.id, prefixLength: 31, holder: 'theirs' } });
  const resting = await allocate(other, root.id, { prefixLength: 31 });
  await other.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  await allocate(other, root.id, { prefixLength: 31, holder: 'theirs' });
  const view = async (as: typeof api): Promise<unknown[]> => [
    await as.expect(200, 'GET', `/v1/pools/${root.id}/usage`),
    await as.expect(200, 'GET', `/v1/pools/${root.id}/free-prefixes?prefixLength=31`),
  ];
  const seen = await view(api);
  expect(seen[1]).toMatchObject({ count: '1', items: ['45.96.0.6/31'] });
  expect(await view(viewer)).toEqual(seen);
  expect(await view(other)).toEqual(seen);
  expect((await allocate(api, root.id, { prefixLength: 31 })).prefix).toBe('45.96.0.6/31');
  await other.problem('pool-exhausted', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 32 }) });
});

test('read-back that cannot be asked for: what is left of a resize has a request of its own, however the whole was asked for', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 3600 } });
  const hold = await api.expect(201, 'POST', '/v1/holds', { body: { poolId: root.id, prefixLength: 28, holder: 'h' } });
  const ways = [{ holdId: hold.id }, { poolId: root.id, family: 'ipv4', prefixLength: 28, disallowedPrefixes: ['45.96.0.128/25'] }, { poolSelector: { poolIds: [root.id] }, prefixLength: 28, placement: 'last' }];
  for (const way of ways) {
    const { id } = await api.expect(201, 'POST', '/v1/allocations', { body: { ...way, holder: 'h', service: 's' } });
    const { released } = await api.expect(200, 'POST', `/v1/allocations/${id}/resize`, { body: { prefixLength: 29 } });
    expect(released).toMatchObject([{ state: 'quarantined', request: { poolId: root.id, prefix: released[0].prefix, holder: 'h', service: 's' } }]);
  }
});

/** The others, and where they are tried. */
const elsewhere: readonly (readonly [trap: string, file: string, test: string])[] = [
  ['a /30 taken from a /30', 'northbound/allocations.test.ts', 'a /30 taken from a /30'],
  ['a pool looks full because others are at work', 'northbound/parallel.test.ts', 'a pool never looks full because others are at work'],
  ['exhausted and busy under one code', 'northbound/parallel.test.ts', 'exhausted is distinct from busy'],
  ['exhausted retried in vain', 'northbound/waiting.test.ts', 'trap: 409 pool-exhausted is not the answer to who would wait'],
  ['counts above 2^63', 'northbound/allocations.test.ts', 'counts above 2^63 are exact when a pool is exhausted'],
  ['counts above 2^63, in figures', 'northbound/pool-views.test.ts', 'usage adds up exactly, beyond 2^63 too'],
  ['1: parallel requests fail or duplicate', 'concurrency/two-controllers.test.ts', '16 clients on two controllers'],
  ['2: overlap is forbidden by code alone', 'storage/space-promises.test.ts', 'two who allocate the same prefix at the same moment: one of them has it'],
  ['3: a key with another body', 'northbound/shared-turns.test.ts', 'keys: the refused give theirs up'],
  ['4: who held this address', 'northbound/history.test.ts', 'who held this address at time T is answered after release'],
  ['5: slow with many children', 'allocator/free-space.test.ts', 'a pool with thousands of children takes, lists and takes back as a small one does'],
  ['6: alarms that flap', 'northbound/usage.test.ts', 'does not flap in between'],
  ['7: sparse placement', 'allocator/placement.test.ts', 'sparse placement counts in mirrored binary (RFC 3531)'],
  ['8: what was previewed is gone', 'northbound/holds.test.ts', 'what was previewed can be had'],
  ['9: a /16 drained by accident', 'northbound/quotas.test.ts', 'trap: one request does not drain a /16 by accident'],
  ['10: waiting requests are not woken', 'northbound/waiting.test.ts', '16 clients wait, 16 releases at once wake them: each is served exactly once'],
  ['11: read-back without the request', 'northbound/allocations.test.ts', 'an allocation reads back with its request, its version and its place'],
  ['12: a drain planner', 'northbound/drain-plan.test.ts', 'the cheapest block to free comes first'],
  ['14: a contract that is not kept', 'northbound/contract-coverage.test.ts', 'every route is in the contract'],
  ['15: drift is not repaired', 'southbound/adapter-contract.ts', 'repairs what a broken exchange left, wherever it broke'],
];

test.each(elsewhere)('%s: tried in %s', (_, file, name) => {
  expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8').includes(name), name).toBe(true);
});
