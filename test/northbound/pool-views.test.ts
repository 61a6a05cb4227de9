import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, newChild, newRoot, newSpace, nowhere } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const names = async (query: string): Promise<string[]> => {
  const list = await controller.api.expect(200, 'GET', `/v1/pools?${query}`);
  return list.items.map((pool: { name: string }) => pool.name);
};

test('pools are found by space, parent, name, place, family and labels, and by all of it at once', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32'], { name: 'root', labels: { tier: 'root' } });
  await newChild(api, root.id, { name: 'north', prefixes: ['45.96.0.0/20'], labels: { region: 'north', tier: 'edge' } });
  await newChild(api, root.id, { name: 'south', prefixes: ['45.96.128.0/20', '2a0e:b100:8000::/36'], labels: { region: 'south', tier: 'edge' } });
  const here = `spaceId=${root.spaceId}`;
  expect(await names(here)).toEqual(['root', 'north', 'south']);
  expect(await names(`parentId=${root.id}`)).toEqual(['north', 'south']);
  expect(await names(`${here}&name=south`)).toEqual(['south']);
  expect(await names(`${here}&labels=tier=edge`)).toEqual(['north', 'south']);
  expect(await names(`${here}&labels=tier=edge,region=north`)).toEqual(['north']);
  expect(await names(`${here}&within=45.96.0.0/17`)).toEqual(['north']);
  expect(await names(`${here}&contains=45.96.128.7`)).toEqual(['root', 'south']);
  expect(await names(`${here}&contains=2a0e:b100:8000::/40`)).toEqual(['root', 'south']);
  expect(await names(`${here}&family=ipv6`)).toEqual(['root', 'south']);
  // One and the same prefix must satisfy all that is asked of a prefix.
  expect(await names(`${here}&family=ipv6&within=45.96.128.0/20`)).toEqual([]);
  expect(await names(`${here}&labels=region=`)).toEqual([]);
  expect(await names(`spaceId=${nowhere}`)).toEqual([]);
  await api.problem('invalid-prefix', 'GET', '/v1/pools?within=45.96.0.1/20');
  await api.problem('invalid-prefix', 'GET', '/v1/pools?contains=45.96.0');
  await api.problem('invalid-request', 'GET', '/v1/pools?labels=region');
  await api.problem('invalid-request', 'GET', '/v1/pools?limit=1001');
  await api.problem('invalid-request', 'GET', '/v1/pools?colour=red');
});

test('pages miss nothing and repeat nothing, though pools come and go meanwhile', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  const carve = [{ family: 'ipv4', prefixLength: 28 }];
  const made: string[] = [];
  for (let at = 0; at < 25; at += 1) made.push((await newChild(api, root.id, { name: `p${at}`, carve })).id);
  const seen: string[] = [];
  let cursor: string | undefined = '';
  for (let page = 0; cursor !== undefined; page += 1) {
    const list = await api.expect(200, 'GET', `/v1/pools?parentId=${root.id}&limit=7${cursor}`);
    seen.push(...list.items.map((pool: { id: string }) => pool.id));
    cursor = list.nextCursor === null ? undefined : `&cursor=${list.nextCursor}`;
    if (page === 0) await api.expect(204, 'DELETE', `/v1/pools/${seen[2]}`);
    if (page < 2) made.push((await newChild(api, root.id, { name: `late${page}`, carve })).id);
  }
  expect(seen).toEqual(made);
  await api.problem('invalid-cursor', 'GET', '/v1/pools?cursor=bm90aGluZw');
});

test('usage adds up exactly, beyond 2^63 too', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const body = { spaceId, name: 'everything', prefixes: ['::/0', '0.0.0.0/0'], policy: { allowSpecialPurpose: true, quarantineSeconds: 600 } };
  const root = await api.expect(201, 'POST', '/v1/pools', { body });
  await newChild(api, root.id, { prefixes: ['2000::/3'] });
  await allocate(api, root.id, { prefix: '4a00::/15' });
  await allocate(api, root.id, { prefix: '8000::1/128' });
  const resting = await allocate(api, root.id, { prefix: '8000::2/127' });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  const { families } = await api.expect(200, 'GET', `/v1/pools/${root.id}/usage`);
  expect(families).toEqual([
    { family: 'ipv4', total: '4294967296', allocated: '0', held: '0', quarantined: '0', delegated: '0', free: '4294967296', largestFreePrefixLength: 0, fragmentation: 0 },
    {
      family: 'ipv6',
      total: String(2n ** 128n),
      allocated: String(2n ** 113n + 1n),
      held: '0',
      quarantined: '2',
      delegated: String(2n ** 125n),
      free: String(2n ** 128n - 2n ** 125n - 2n ** 113n - 3n),
      largestFreePrefixLength: 2,
      // Of what is free, a /2 and much less: 1 - 2^126 / free.
      fragmentation: 0.7143,
    },
  ]);
  const free = await api.expect(200, 'GET', `/v1/pools/${root.id}/free-prefixes?family=ipv6&prefixLength=128&limit=1`);
  expect(free.count).toBe(families[1].free);
  await api.problem('pool-not-found', 'GET', `/v1/pools/${nowhere}/usage`);
});

test('free prefixes come in the order they would be handed out, with their number', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  await allocate(api, root.id, { prefix: '45.96.0.64/28' });
  const free = await api.expect(200, 'GET', `/v1/pools/${root.id}/free-prefixes?prefixLength=27&limit=3`);
  expect(free).toEqual({ items: ['45.96.0.96/27', '45.96.0.0/27', '45.96.0.32/27'], count: '7' });
  for (const prefix of free.items) expect((await allocate(api, root.id, { prefixLength: 27 })).prefix).toBe(prefix);
  expect(await api.expect(200, 'GET', `/v1/pools/${root.id}/free-prefixes?prefixLength=24`)).toEqual({ items: [], count: '0' });
  const { freeBlocks } = await api.expect(200, 'GET', `/v1/pools/${root.id}/usage`);
  expect(freeBlocks).toEqual([{ family: 'ipv4', prefixLength: 25, count: '1' }, { family: 'ipv4', prefixLength: 28, count: '1' }]);
  await api.problem('length-not-allowed', 'GET', `/v1/pools/${root.id}/free-prefixes?prefixLength=33`);
  await api.problem('invalid-request', 'GET', `/v1/pools/${root.id}/free-prefixes`);
  await api.problem('pool-not-found', 'GET', `/v1/pools/${nowhere}/free-prefixes?prefixLength=24`);
  const both = await newRoot(api, ['45.96.0.0/24', '2a0e:b100::/32']);
  await api.problem('invalid-request', 'GET', `/v1/pools/${both.id}/free-prefixes?prefixLength=24`);
});
