/** All kinds of work at the same time on the same few things: refusals are answers, errors of ours are not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiAnswer } from '../support/api.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocationOf, freeBlocks, newDevice, newRoot, overlaps, unique } from './plan.js';
import { pullingDevice } from '../southbound/devices.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

/** A small generator of the same numbers in each run (Park and Miller's), so that a failure can be looked at again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

test('12 clients that plan, allocate, release, change, deliver and import at once', async () => {
  const { api, database } = controller;
  const puller = await pullingDevice(api, '45.64.0.0/16');
  const { pool } = puller;
  const pushed = await newDevice(api, pool.spaceId, { adapter: 'in-memory' });
  const held: string[] = [];
  const children: string[] = [];
  const outcomes = new Map<string, number>();
  const steps: ((random: (below: number) => number) => Promise<ApiAnswer>)[] = [
    async (random) => {
      const deviceId = [undefined, pushed.id, puller.device.id][random(3)];
      const answer = await api.post('/v1/allocations', allocationOf(pool.id, { prefixLength: 24 + random(8), deviceId }));
      if (answer.status === 201) held.push(answer.body.id);
      return answer;
    },
    async (random) => api.delete(`/v1/allocations/${held.splice(random(held.length + 1), 1)[0] ?? pool.id}`),
    async (random) => {
      const answer = await api.post('/v1/pools', { parentId: pool.id, name: unique('child'), carve: [{ family: 'ipv4', prefixLength: 22 + random(4), count: 1 + random(2) }] });
      if (answer.status === 201) children.push(answer.body.id);
      return answer;
    },
    async (random) => {
      const answer = await api.post('/v1/allocations', allocationOf(children[random(children.length + 1)] ?? pool.id, { prefixLength: 28 }));
      if (answer.status === 201) held.push(answer.body.id);
      return answer;
    },
    async (random) => api.delete(`/v1/pools/${children[random(children.length + 1)] ?? pool.id}`),
    async (random) => api.patch(`/v1/pools/${pool.id}`, random(2) === 0 ? { labels: { turn: String(random(100)) } } : { prefixes: random(2) === 0 ? ['45.64.0.0/16'] : ['45.64.0.0/16', '45.66.0.0/24'] }),
    async (random) => api.patch(`/v1/devices/${pushed.id}`, { state: random(3) === 0 ? 'suspended' : 'active' }),
    async () => api.post(`/v1/deliveries/${pushed.id}/retry`),
    async () => {
      const pulled = await puller.pull();
      return puller.acknowledge(pulled.body.revision);
    },
    async () => puller.door.post('/southbound/v1/requests', { domain: 'residential', count: 2 }),
    async () => api.ask('POST', `/v1/imports?spaceId=${pool.spaceId}`, { body: 'apnic|CN|ipv4|1.2.8.0|768|20110418|assigned\napnic|JP|ipv4|1.5.0.0|65536|20110414|allocated\n' }),
    async () => api.post('/v1/spaces', { name: unique('space') }),
    async () => api.get(`/v1/pools/${pool.id}/usage`),
  ];
  await Promise.all(
    Array.from({ length: 12 }, async (_, client) => {
      const random = numbers(client + 1);
      for (let at = 0; at < 25; at += 1) {
        const answer = await (steps[random(steps.length)] as (typeof steps)[number])(random);
        const outcome = `${answer.status} ${answer.body?.code ?? ''}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    }),
  );
  expect([...outcomes].filter(([outcome]) => outcome.startsWith('5'))).toEqual([]);
  expect(outcomes.get('201 ') ?? 0).toBeGreaterThan(50);
  expect(await overlaps(database)).toEqual([]);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);

  await api.expect(200, 'PATCH', `/v1/devices/${pushed.id}`, { body: { state: 'active' } });
  const left = await database.query<{ id: string }>('select id from allocations where space_id = $1', [pool.spaceId]);
  for (const { id } of left) expect([200, 404]).toContain((await api.delete(`/v1/allocations/${id}`)).status);
  await eventually(async () => {
    await puller.acknowledge((await puller.pull()).body.revision);
    expect(await database.query('select from allocations where space_id = $1', [pool.spaceId])).toEqual([]);
  });
  for (const id of children) expect([204, 404]).toContain((await api.delete(`/v1/pools/${id}`)).status);
  const { prefixes } = await api.expect(200, 'GET', `/v1/pools/${pool.id}`);
  expect(await freeBlocks(database, pool.id)).toEqual(prefixes);
});

test('the same file imported four times at once is imported once', async () => {
  const { api } = controller;
  const { spaceId } = await newRoot(api, ['45.96.0.0/24']);
  const body = 'apnic|CN|ipv4|1.2.8.0|768|20110418|assigned\napnic|JP|ipv4|1.5.0.0|65536|20110414|allocated\n';
  const answers = await Promise.all([1, 2, 3, 4].map(() => api.ask('POST', `/v1/imports?spaceId=${spaceId}`, { body })));
  expect(answers.map((answer) => answer.status)).toEqual([201, 201, 201, 201]);
  expect(answers.map((answer) => answer.body.summary.unchanged).sort()).toEqual([0, 2, 2, 2]);
});
