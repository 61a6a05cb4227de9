import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newDevice, newRoot, newSpace, overlaps, sleep, unique, withConnection } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const clients = 16;

/** Each client does its steps one after the other, all clients at once. */
async function inParallel<T>(steps: number, step: (client: number, at: number) => Promise<T>): Promise<T[]> {
  const each = await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const done: T[] = [];
      for (let at = 0; at < steps; at += 1) done.push(await step(client, at));
      return done;
    }),
  );
  return each.flat();
}

test('16 clients, mixed lengths, one pool: nobody fails, nothing overlaps, and all of it comes back', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32']);
  const before = await freeBlocks(database, root.id);
  const made = await inParallel(8, (client, at) =>
    allocate(api, root.id, (client + at) % 3 === 0 ? { family: 'ipv6', prefixLength: 48 + ((client * at) % 17) } : { family: 'ipv4', prefixLength: 24 + ((client * 7 + at) % 9) }),
  );
  expect(new Set(made.map((one) => one.prefix)).size).toBe(clients * 8);
  expect(await overlaps(database)).toEqual([]);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
  const queue = [...made];
  await inParallel(8, () => api.expect(200, 'DELETE', `/v1/allocations/${queue.pop()?.id}`));
  expect(await freeBlocks(database, root.id)).toEqual(before);
});

test('16 clients over many pools, half allocating while half release', async () => {
  const { api, database } = controller;
  const label = unique('many');
  const roots = await Promise.all(Array.from({ length: 6 }, (_, at) => newRoot(api, [`45.${100 + at}.0.0/20`], { labels: { use: label } })));
  const before = await Promise.all(roots.map((root) => freeBlocks(database, root.id)));
  const body = { poolSelector: { labels: { use: label } }, holder: 'h', service: 's' };
  await inParallel(8, async (client, at) => {
    const one = client % 2 === 0 ? await api.expect(201, 'POST', '/v1/allocations', { body: { ...body, prefixLength: 24 + (at % 5) } }) : await allocate(api, roots[(client + at) % 6]?.id ?? '', { prefixLength: 26 });
    await api.expect(200, 'DELETE', `/v1/allocations/${one.id}`);
  });
  expect(await Promise.all(roots.map((root) => freeBlocks(database, root.id)))).toEqual(before);
});

test('on one device as well: requests that share a turn share a revision, and the document holds them all', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/18']);
  const device = await newDevice(api, root.spaceId);
  const made = await inParallel(3, () => allocate(api, root.id, { prefixLength: 28, deviceId: device.id }));
  const document = await api.expect(200, 'GET', `/v1/devices/${device.id}/document`);
  expect(Number(document.revision)).toBeGreaterThan(1);
  expect(Number(document.revision)).toBeLessThanOrEqual(1 + clients * 3);
  expect(document.ranges.map((range: { id: string }) => range.id).sort()).toEqual(made.map((one) => one.id).sort());
  const addresses = document.ranges.map((range: { prefix: string }) => range.prefix.split(/[./]/).map(Number).reduce((sum: number, part: number) => sum * 256 + part, 0));
  expect(addresses).toEqual(addresses.toSorted((a: number, b: number) => a - b));
});

test('a pool never looks full because others are at work', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/28']);
  const answers = await inParallel(2, () => api.post('/v1/allocations', allocationOf(root.id, { prefixLength: 32 })));
  const statuses = answers.map((answer) => answer.status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(16);
  expect(answers.filter((answer) => answer.status !== 201).map((answer) => answer.body.code)).toEqual(Array.from({ length: 16 }, () => 'pool-exhausted'));
});

test('exhausted is distinct from busy: who meets a busy pool waits, and gets what was left in it', async () => {
  const { api, database } = controller;
  const label = unique('busy');
  const spaceId = await newSpace(api);
  const pool = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: 'one', prefixes: ['45.96.0.0/32'], labels: { use: label } } });
  await withConnection(database, async (other) => {
    await other.query('begin');
    await other.query('select from pools where id = $1 for no key update', [pool.id]);
    await other.query('delete from free_blocks where pool_id = $1', [pool.id]);
    let answered = 0;
    const waiting = [allocationOf(pool.id, { prefixLength: 32 }), { poolSelector: { labels: { use: label } }, holder: 'h', service: 's', prefixLength: 32 }].map(async (body) => {
      const answer = await api.post('/v1/allocations', body);
      answered += 1;
      return answer;
    });
    await sleep(300);
    expect(answered).toBe(0);
    await other.query('rollback');
    const [first, second] = (await Promise.all(waiting)).sort((a, b) => a.status - b.status);
    expect(first).toMatchObject({ status: 201, body: { prefix: '45.96.0.0/32' } });
    expect(second).toMatchObject({ status: 409, body: { code: 'pool-exhausted', free: [] } });
  });
});

test('a device that is removed under the hands of an allocation is not found', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await newDevice(api, root.spaceId);
  await withConnection(database, async (other) => {
    await other.query('begin');
    await other.query('delete from devices where id = $1', [device.id]);
    const asked = api.problem('device-not-found', 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 28, deviceId: device.id }) });
    await sleep(200);
    await other.query('commit');
    await asked;
  });
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
});
