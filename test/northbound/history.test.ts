/** Who held which address when: at every edge of a life, in between, and long after. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { components } from '../../src/contract/northbound.generated.js';
import { Hall } from '../../src/operations/hall.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { pullingDevice } from '../southbound/devices.js';
import { eventually, secretKey, startTestController, type TestController } from '../support/controller.js';
import { lockWaits } from '../support/lock-waits.js';
import { allocate, newRoot, nowhere, sleep, unique, withConnection, type Allocation } from './plan.js';

type State = components['schemas']['HistoryState'];

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

async function history(query: string): Promise<State[]> {
  return (await controller.api.expect(200, 'GET', `/v1/history?${query}`)).items;
}

const at = (time: string | number): string => `at=${new Date(time).toISOString()}`;
const justBefore = (time: string): string => at(new Date(time).getTime() - 1);
const brief = (states: readonly State[]): string[] => states.map(({ holder, state }) => `${holder} ${state}`);

test('product trap: who held this address at time T is answered after release, and after somebody else has it', async () => {
  const { api } = controller;
  const { device, pool, acknowledge, pull } = await pullingDevice(api, '45.96.0.0/24', { quarantineSeconds: 1 });
  const space = `spaceId=${pool.spaceId}`;
  const address = `contains=45.96.0.7&${space}`;
  const requestId = unique('order');
  const first: Allocation = await api.expect(201, 'POST', '/v1/allocations', {
    body: { poolId: pool.id, prefix: '45.96.0.0/28', holder: 'first', service: 'internet', deviceId: device.id },
    headers: { 'x-request-id': requestId },
  });
  await acknowledge((await pull()).body.revision);
  await api.expect(200, 'DELETE', `/v1/allocations/${first.id}`, { headers: { 'x-request-id': `${requestId}-end` } });
  await acknowledge((await pull()).body.revision);
  await eventually(async () => expect((await api.get(`/v1/allocations/${first.id}`)).status).toBe(404));
  await sleep(5);
  const second = await allocate(api, pool.id, { prefix: '45.96.0.0/27', holder: 'second' });

  const life = (await history(address)).toReversed();
  expect(brief(life)).toEqual(['first provisioning', 'first active', 'first withdrawing', 'first quarantined', 'second active']);
  const [provisioning, active, withdrawing, quarantined, current] = life as [State, State, State, State, State];
  expect(provisioning).toMatchObject({ allocationId: first.id, prefix: '45.96.0.0/28', poolId: pool.id, deviceId: device.id, service: 'internet', begunBy: { operation: 'allocatePrefix', requestId, actor: { name: 'bootstrap' } } });
  expect(withdrawing.begunBy).toMatchObject({ operation: 'releaseAllocation', requestId: `${requestId}-end`, actor: { name: 'bootstrap' } });
  expect(active.endedBy).toEqual(withdrawing.begunBy);
  expect(quarantined.endedBy).toMatchObject({ operation: 'returnSpace', actor: { name: 'controller' } });
  expect(current).toMatchObject({ allocationId: second.id, validTo: null, endedBy: null });

  // Each state is valid from its first moment on, and no longer at its last.
  for (const [one, next] of [[provisioning, active], [active, withdrawing], [withdrawing, quarantined]] as const) {
    expect(one.validTo).toBe(next.validFrom);
    expect(await history(`${address}&${at(next.validFrom)}`)).toEqual([next]);
    if (one.validFrom !== one.validTo) expect(await history(`${address}&${justBefore(next.validFrom)}`)).toEqual([one]);
  }
  expect(await history(`${address}&${justBefore(provisioning.validFrom)}`)).toEqual([]);
  expect(await history(`${address}&${at(quarantined.validFrom)}`)).toEqual([quarantined]);
  // Between release and reallocation it is nobody's.
  expect(await history(`${address}&${at(quarantined.validTo ?? '')}`)).toEqual([]);
  expect(await history(`${address}&${justBefore(current.validFrom)}`)).toEqual([]);
  expect(await history(`${address}&${at(current.validFrom)}`)).toEqual([current]);

  // By other ways to the same states.
  expect(await history(`allocationId=${first.id}`)).toEqual([quarantined, withdrawing, active, provisioning]);
  expect(brief(await history(`prefix=45.96.0.16/28&${space}`))).toEqual(['second active']);
  expect((await history(`prefix=45.96.0.0/24&${space}`)).length).toBe(5);
  expect((await history(`contains=45.96.0.0/27&${space}`)).length).toBe(1);
  expect(await history(`contains=45.96.0.32&${space}`)).toEqual([]);
  expect(brief(await history(`prefix=45.96.0.0/24&${space}&from=${withdrawing.validFrom}&to=${current.validFrom}`))).toEqual(['first quarantined', 'first withdrawing']);
  const firstPage = await api.expect(200, 'GET', `/v1/history?${address}&limit=2`);
  const secondPage = await api.expect(200, 'GET', `/v1/history?${address}&limit=3&cursor=${firstPage.nextCursor}`);
  expect([...firstPage.items, ...secondPage.items]).toEqual(life.toReversed());
  expect(secondPage.nextCursor).toBeNull();
});

test('spaces do not mix: the same address in another space has a history of its own', async () => {
  const { api } = controller;
  const roots = [await newRoot(api, ['2a0e:b100::/32']), await newRoot(api, ['2a0e:b100::/32'])];
  for (const [number, root] of roots.entries()) await allocate(api, root.id, { prefix: '2a0e:b100:1::/48', holder: `holder-${number}` });
  expect(brief(await history(`contains=2a0e:b100:1::9&spaceId=${roots[1]?.spaceId}`))).toEqual(['holder-1 active']);
  expect(brief(await history('contains=2a0e:b100:1::9')).toSorted()).toEqual(['holder-0 active', 'holder-1 active']);
});

test('what was free again at once was held all the same', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 0 } });
  const { id, prefix } = await allocate(api, root.id, { prefixLength: 28 });
  await sleep(5);
  await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  const [only, ...others] = await history(`prefix=${prefix}&spaceId=${root.spaceId}`);
  expect(others).toEqual([]);
  expect(only).toMatchObject({ state: 'active', validTo: expect.stringMatching(/Z$/), endedBy: { operation: 'releaseAllocation' } });
  expect(await history(`prefix=${prefix}&spaceId=${root.spaceId}&${at(only?.validTo ?? '')}`)).toEqual([]);
});

test('a release and the next request that waited together for one pool are never both valid', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/28'], { policy: { quarantineSeconds: 0 } });
  const first = await allocate(api, root.id, { prefix: '45.96.0.0/28', holder: 'first' });
  // Both wait for the pool: the release in front, the next holder's request behind it, begun at almost the same time.
  const requests = await withConnection(database, async (client) => {
    await client.query('begin');
    await client.query('select from pools where id = $1 for update', [root.id]);
    const release = api.delete(`/v1/allocations/${first.id}`);
    await lockWaits(database, 1);
    const second = api.post('/v1/allocations', { poolId: root.id, prefix: '45.96.0.0/28', holder: 'second', service: 's' });
    await lockWaits(database, 2);
    await client.query('commit');
    return Promise.all([release, second]);
  });
  expect(requests.map((answer) => answer.status)).toEqual([200, 201]);
  const [second, before] = (await history(`contains=45.96.0.1&spaceId=${root.spaceId}`)) as [State, State];
  expect([before.holder, second.holder]).toEqual(['first', 'second']);
  expect(before.validTo !== null && before.validTo <= second.validFrom).toBe(true);
  // Never two at once.
  for (const time of [before.validTo ?? '', second.validFrom]) expect((await history(`contains=45.96.0.1&spaceId=${root.spaceId}&${at(time)}`)).length).toBeLessThan(2);
});

test('a change is as old as its writing, not as the transaction it was written in', async () => {
  const source = await createDataSource(controller.database.url, 3).initialize();
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), randomUUID);
  const id = randomUUID();
  const held = (holder: string | null): object | null => (holder === null ? null : { id, spaceId: nowhere, poolId: nowhere, prefix: '45.99.0.0/24', state: 'active', holder, service: 's', deviceId: null });
  const change = (before: string | null, after: string | null, turn: Promise<void>): Promise<void> =>
    hall.act('change', async (work) => turn.then(() => work.audit({ resourceType: 'allocation', resourceId: id, before: held(before), after: held(after) })), undefined);
  // The second change's transaction begins before the first's, and gets its turn behind it.
  const turn = Promise.withResolvers<void>();
  const second = change('first', 'second', turn.promise);
  await sleep(20);
  await change(null, 'first', Promise.resolve());
  await sleep(5);
  turn.resolve();
  await second;
  await sleep(5);
  await change('second', null, Promise.resolve());
  await source.destroy();
  const [later, earlier] = (await history(`allocationId=${id}`)) as [State, State];
  expect([earlier.holder, later.holder]).toEqual(['first', 'second']);
  expect(earlier.validTo).toBe(later.validFrom);
  expect(earlier.validFrom < later.validFrom && later.validFrom < (later.validTo ?? '')).toBe(true);
});

test('a question without an address, or with two kinds of time, is refused', async () => {
  const { api } = controller;
  const moment = '2026-03-01T12:00:00Z';
  for (const query of ['', `at=${moment}`, `contains=45.96.0.1&at=${moment}&from=${moment}`, `contains=45.96.0.1&from=${moment}&to=${moment}`]) await api.problem('invalid-request', 'GET', `/v1/history?${query}`);
  for (const query of ['contains=45.96.0', 'prefix=45.96.0.1/24']) await api.problem('invalid-prefix', 'GET', `/v1/history?${query}`);
  await api.problem('invalid-cursor', 'GET', '/v1/history?contains=45.96.0.1&cursor=eA');
  expect(await history(`allocationId=${nowhere}`)).toEqual([]);
});

test('what has happened is sealed in the background', async () => {
  const { api, database } = controller;
  await newRoot(api, ['45.96.0.0/24']);
  await database.query(`select graphile_worker.add_job('seal-history')`);
  await eventually(async () => {
    const [seals] = await database.query<{ rows: number }>('select sum(length(row_hashes) / 32)::int as rows from audit_seals');
    expect(seals?.rows).toBeGreaterThan(2);
  });
});

test('an address is found by index, however long the journal', async () => {
  await withConnection(controller.database, async (client) => {
    await client.query('begin');
    await client.query('set local enable_seqscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain select distinct resource_id from audit where resource_type = 'allocation' and prefix >>= '45.96.0.7/32'`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('audit_by_prefix');
    await client.query('rollback');
  });
});
