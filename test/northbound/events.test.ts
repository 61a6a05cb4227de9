/** The feed of events: complete and in one order for pages and streams alike, whatever order transactions commit in. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { components } from '../../src/contract/northbound.generated.js';
import { northbound } from '../../src/contract/contract.js';
import { eventResourceTypes } from '../../src/model/event.js';
import { EventFeed, usualPace } from '../../src/operations/events/event-feed.js';
import { Hall } from '../../src/operations/hall.js';
import { createDataSource, migrate } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import { beginning } from '../../src/model/event.js';
import { adminToken, eventually, secretKey, startTestController, type TestController } from '../support/controller.js';
import { createTestDatabase } from '../support/database.js';
import { pullingDevice } from '../southbound/devices.js';
import { EventListener } from './event-listener.js';
import { allocate, newRoot, nowhere, sleep, unique, withConnection } from './plan.js';

type Event = components['schemas']['Event'];

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

/** The events behind a cursor, once so many are there. */
function behind(cursor: string, count: number, more = ''): Promise<{ items: Event[]; nextCursor: string }> {
  return eventually(async () => {
    const page = await controller.api.expect(200, 'GET', `/v1/events?after=${cursor}&limit=1000${more}`);
    expect(page.items.length).toBeGreaterThanOrEqual(count);
    return page;
  });
}

async function latest(): Promise<string> {
  const page = await controller.api.expect(200, 'GET', '/v1/events?after=latest');
  expect(page.items).toEqual([]);
  return page.nextCursor;
}

/** An entry as any writer leaves one, by SQL alone. */
const entry = (name: string): string =>
  `insert into audit (actor, role, request_id, operation, resource_type, resource_id, after) values ('raw', 'admin', '${name}', 'createSpace', 'space', '${nowhere}', '{"name": "${name}"}')`;

test('each event carries the resource as it was then, in the shape it is read in', async () => {
  const { api } = controller;
  const start = await latest();
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 0 } });
  const requestId = unique('order');
  const allocation = await api.expect(201, 'POST', '/v1/allocations', { body: { poolId: root.id, prefixLength: 28, holder: 'retail', service: 'internet' }, headers: { 'x-request-id': requestId } });
  await api.expect(200, 'DELETE', `/v1/allocations/${allocation.id}`);
  const { items } = await behind(start, 4);
  expect(items.map((event) => event.type)).toEqual(['space.created', 'pool.created', 'allocation.created', 'allocation.deleted']);
  expect(items[1]?.resource).toEqual(await api.expect(200, 'GET', `/v1/pools/${root.id}`));
  expect(items[2]).toMatchObject({ operation: 'allocatePrefix', actor: 'bootstrap', requestId, resourceId: allocation.id, resource: allocation });
  expect(items[3]?.resource).toMatchObject({ id: allocation.id, prefix: allocation.prefix, holder: 'retail', state: 'free' });
  expect((await behind(start, 1, `&poolId=${root.id}&resourceType=pool`)).items.map((event) => event.type)).toEqual(['pool.created']);
  expect((await behind(start, 2, `&holder=retail`)).items.map((event) => event.type)).toEqual(['allocation.created', 'allocation.deleted']);
});

test('what a device confirms is told whole: provisioning to active, withdrawing to quarantined', async () => {
  const { api } = controller;
  const { device, pool, acknowledge, pull } = await pullingDevice(api);
  const start = await latest();
  const allocation = await allocate(api, pool.id, { prefixLength: 28, deviceId: device.id });
  await acknowledge((await pull()).body.revision);
  await api.expect(200, 'DELETE', `/v1/allocations/${allocation.id}`);
  await acknowledge((await pull()).body.revision);
  const { items } = await behind(start, 4, '&resourceType=allocation');
  expect(items.map((event) => (event.resource as { state: string }).state).slice(0, 4)).toEqual(['provisioning', 'active', 'withdrawing', 'quarantined']);
  for (const event of items) expect(Object.keys(event.resource).toSorted()).toEqual(Object.keys(allocation).toSorted());
});

test('pages continue where they ended, also at the end, and repeat nothing', async () => {
  const { api } = controller;
  const start = await latest();
  const root = await newRoot(api, ['45.96.0.0/24']);
  for (let at = 0; at < 5; at += 1) await allocate(api, root.id, { prefixLength: 28 });
  const all = await behind(start, 7);
  const seen: string[] = [];
  let cursor = start;
  for (let at = 0; at < 4; at += 1) {
    const page = await api.expect(200, 'GET', `/v1/events?after=${cursor}&limit=2`);
    seen.push(...page.items.map((event: Event) => event.id));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual(all.items.map((event) => event.id));
  await allocate(api, root.id, { prefixLength: 28 });
  expect((await behind(cursor, 1)).items).toHaveLength(1);
  await api.problem('invalid-cursor', 'GET', '/v1/events?after=eA');
});

test('no event is skipped when transactions commit out of order', async () => {
  const start = await latest();
  await withConnection(controller.database, (early) =>
    withConnection(controller.database, async (late) => {
      await early.query('begin');
      await early.query(entry('early'));
      await late.query('begin');
      await late.query(entry('late'));
      await late.query('commit');
      // The later one is committed, and waits: the earlier may still come before it.
      const page = await controller.api.expect(200, 'GET', `/v1/events?after=${start}`);
      expect(page.items).toEqual([]);
      await early.query('commit');
      const { items } = await behind(page.nextCursor, 2);
      expect(items.map((event) => event.requestId)).toEqual(['early', 'late']);
    }),
  );
});

test('many writers and one reader: every entry is read exactly once', async () => {
  const start = await latest();
  const writers = Array.from({ length: 6 }, (_, writer) =>
    withConnection(controller.database, async (client) => {
      for (let at = 0; at < 25; at += 1) {
        await client.query('begin');
        await client.query(entry(`${writer}-${at}`));
        await sleep(Math.random() * 8);
        await client.query(at % 5 === 4 ? 'rollback' : 'commit');
      }
    }),
  );
  const read: string[] = [];
  let cursor = start;
  let writing = true;
  const done = Promise.all(writers).then(() => (writing = false));
  while (writing || read.length < 120) {
    const page: { items: Event[]; nextCursor: string } = await controller.api.expect(200, 'GET', `/v1/events?after=${cursor}&limit=7`);
    read.push(...page.items.map((event) => event.requestId));
    cursor = page.nextCursor;
  }
  await done;
  const expected = Array.from({ length: 6 }, (_, writer) => Array.from({ length: 25 }, (_, at) => `${writer}-${at}`).filter((_, at) => at % 5 !== 4)).flat();
  expect(read.toSorted()).toEqual(expected.toSorted());
});

test('a stream tells what happens, and who comes back with Last-Event-ID has missed nothing', async () => {
  const { api } = controller;
  const url = `${api.url}/v1/events?after=latest&resourceType=allocation`;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const first = await EventListener.open(url, adminToken);
  expect(first.response.headers.get('content-type')).toBe('text/event-stream');
  await eventually(async () => expect(first.lastId).not.toBe(''));
  const one = await allocate(api, root.id, { prefixLength: 28 });
  await eventually(async () => expect(first.heard.map((event) => [event.type, event.data.resource])).toEqual([['allocation.created', one]]));
  await first.leave();
  const two = await allocate(api, root.id, { prefixLength: 28 });
  const second = await EventListener.open(url, adminToken, first.heard[0]?.id);
  const three = await allocate(api, root.id, { prefixLength: 28 });
  await eventually(async () => expect(second.heard.map((event) => event.data.resourceId)).toEqual([two.id, three.id]));
  const page = await api.expect(200, 'GET', `/v1/events?after=${first.heard[0]?.id}&resourceType=allocation`);
  expect(page.items).toEqual(second.heard.map((event) => event.data));
  await second.leave();
});

test('a listener ends with its token', async () => {
  const { api } = controller;
  const { id, token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('listener'), role: 'viewer' } });
  const listener = await EventListener.open(`${api.url}/v1/events?after=latest`, token);
  await eventually(async () => expect(listener.lastId).not.toBe(''));
  await api.expect(204, 'DELETE', `/v1/tokens/${id}`);
  await listener.ended;
  expect(listener.heard).toEqual([]);
});

test('tokens are told to nobody, and a viewer may listen', async () => {
  const { api } = controller;
  const start = await latest();
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('viewer'), role: 'viewer' } });
  const root = await newRoot(api, ['45.96.0.0/24']);
  await behind(start, 2);
  const { items } = await api.as(token).expect(200, 'GET', `/v1/events?after=${start}`);
  expect(items.map((event: Event) => event.resourceType)).toEqual(['space', 'pool']);
  expect(items[1].resourceId).toBe(root.id);
});

test('the contract lists what is told, and no more', () => {
  const schemas = (northbound.document as unknown as { components: { schemas: Record<string, { enum?: string[] }> } }).components.schemas;
  expect(schemas['EventResourceType']?.enum).toEqual([...eventResourceTypes]);
});

test('so many listeners and no more; one that leaves makes room', async () => {
  const source = await createDataSource(controller.database.url, 2).initialize();
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), () => nowhere);
  const feed = new EventFeed(hall, { ...usualPace, mostListeners: 1 });
  const leaving = new AbortController();
  feed.follow(beginning, {}, nowhere, leaving.signal);
  expect(() => feed.follow(beginning, {}, nowhere, new AbortController().signal)).toThrow(expect.objectContaining({ code: 'busy' }));
  leaving.abort();
  feed.follow(beginning, {}, nowhere, new AbortController().signal);
  await source.destroy();
});

test('one token has ten listeners and no more, and leaves room for others', async () => {
  const { api } = controller;
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: unique('listener'), role: 'viewer' } });
  const open = (as = token): Promise<EventListener> => EventListener.open(`${api.url}/v1/events?after=latest`, as);
  const listeners = await Promise.all(Array.from({ length: 10 }, () => open()));
  expect(listeners.map(({ response }) => response.status)).toEqual(Array.from({ length: 10 }, () => 200));
  const refused = await fetch(`${api.url}/v1/events`, { headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` } });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
  expect(await refused.json()).toMatchObject({ code: 'busy', detail: expect.stringContaining('with this token') });
  expect((await api.as(token).get('/v1/events')).status).toBe(200);
  const other = await open(adminToken);
  expect(other.response.status).toBe(200);
  await listeners[0]?.leave();
  const again = await eventually(async () => {
    const listener = await open();
    expect(listener.response.status).toBe(200);
    return listener;
  });
  for (const listener of [...listeners, other, again]) await listener.leave();
});

test('the controller stops while somebody listens', async () => {
  const own = await startTestController();
  const listener = await EventListener.open(`${own.api.url}/v1/events`, adminToken);
  await eventually(async () => expect(listener.lastId).not.toBe(''));
  const stopped = own.stop().then(() => 'stopped');
  expect(await Promise.race([stopped, sleep(9_000).then(() => 'still running')])).toBe('stopped');
  await listener.ended;
});

test('HEAD has an end, whatever it accepts', async () => {
  const answer = await fetch(`${controller.api.url}/v1/events`, { method: 'HEAD', headers: { accept: 'text/event-stream', authorization: `Bearer ${adminToken}` }, signal: AbortSignal.timeout(5_000) });
  expect(answer.status).toBe(200);
});

test('a journal that comes from another cluster goes on behind its last entry', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const source = await createDataSource(database.url, 2).initialize();
  await database.query('update journal_epoch set shift = 1000000000');
  await database.query(entry('there'));
  // As after a restore: the numbers of this cluster's transactions are smaller than the journal's.
  await database.query('update journal_epoch set shift = 0');
  await migrate(source, database.url);
  await database.query(entry('here'));
  const order = await database.query<{ request_id: string }>('select request_id from audit where turn < journal_horizon() + 1000 order by turn, id');
  expect(order.map((one) => one.request_id)).toEqual(['there', 'here']);
  const [{ shift } = { shift: '' }] = await database.query<{ shift: string }>('select shift from journal_epoch');
  await migrate(source, database.url);
  expect(await database.query('select shift from journal_epoch')).toEqual([{ shift }]);
  await source.destroy();
  await database.drop();
});
