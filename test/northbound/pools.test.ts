import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, allocationOf, freeBlocks, newChild, newRoot, newSpace, nowhere, unique } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('a root has its prefixes sorted, the default policy, an ETag and a place', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const made = await api.post('/v1/pools', { spaceId, name: 'operator', prefixes: ['2a0e:b100::/32', '45.97.0.0/24', '45.96.0.0/16'] });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    parentId: null,
    prefixes: ['45.96.0.0/16', '45.97.0.0/24', '2a0e:b100::/32'],
    policy: { placement: 'best-fit', quarantineSeconds: 0, allowSpecialPurpose: false, ipv4: { minPrefixLength: 0, maxPrefixLength: 32, defaultPrefixLength: null } },
    labels: {},
  });
  expect(made.headers.get('location')).toBe(`/v1/pools/${made.body.id}`);
  const read = await api.get(`/v1/pools/${made.body.id}`);
  expect(read.body).toEqual(made.body);
  expect(read.headers.get('etag')).toBe(made.headers.get('etag'));
});

test('a child is given prefixes or has them carved, in both families and in numbers', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22', '2a0e:b100::/32']);
  const given = await newChild(api, root.id, { prefixes: ['45.96.0.128/25', '2a0e:b100:8000::/34'] });
  expect(given).toMatchObject({ spaceId: root.spaceId, parentId: root.id, prefixes: ['45.96.0.128/25', '2a0e:b100:8000::/34'] });
  const carved = await newChild(api, root.id, { carve: [{ family: 'ipv4', prefixLength: 26, count: 3 }, { family: 'ipv6', prefixLength: 36 }] });
  // Best fit: the half of the broken /24 first, then the lowest of the smallest block that is left.
  expect(carved.prefixes).toEqual(['45.96.0.0/26', '45.96.0.64/26', '45.96.1.0/26', '2a0e:b100:c000::/36']);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.1.64/26', '45.96.1.128/25', '45.96.2.0/23', '2a0e:b100::/33', '2a0e:b100:d000::/36', '2a0e:b100:e000::/35']);
  const usage = await api.expect(200, 'GET', `/v1/pools/${root.id}/usage`);
  expect(usage.families[0]).toEqual({ family: 'ipv4', total: '1024', allocated: '0', held: '0', quarantined: '0', delegated: '320', free: '704', largestFreePrefixLength: 23, fragmentation: 0.2727 });
});

test('carving is all or nothing, and says what is free', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const before = await freeBlocks(database, root.id);
  const problem = await api.problem('pool-exhausted', 'POST', '/v1/pools', { body: { parentId: root.id, name: 'big', carve: [{ family: 'ipv4', prefixLength: 26, count: 5 }] } });
  expect(problem.free).toEqual([{ family: 'ipv4', prefixLength: 24, count: '1' }]);
  expect(await freeBlocks(database, root.id)).toEqual(before);
});

test('a pool of several prefixes gives from each of them, and blocks merge no further than their prefix', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/25', '45.96.0.128/25', '45.98.0.0/26']);
  const taken = [await allocate(api, root.id, { prefixLength: 25 }), await allocate(api, root.id, { prefixLength: 25 }), await allocate(api, root.id, { prefixLength: 26 })];
  expect(taken.map((one) => one.prefix)).toEqual(['45.96.0.0/25', '45.96.0.128/25', '45.98.0.0/26']);
  for (const { id } of taken) await api.expect(200, 'DELETE', `/v1/allocations/${id}`);
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/25', '45.96.0.128/25', '45.98.0.0/26']);
});

test('what the policy of a child does not say is its parent’s', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16'], { policy: { quarantineSeconds: 60, ipv4: { minPrefixLength: 20, maxPrefixLength: 28, defaultPrefixLength: 24 } } });
  const child = await newChild(api, root.id, { carve: [{ family: 'ipv4', prefixLength: 20 }], policy: { ipv4: { maxPrefixLength: 26 } } });
  expect(child.policy).toEqual({ ...root.policy, ipv4: { minPrefixLength: 20, maxPrefixLength: 26, defaultPrefixLength: 24 } });
  const wrong = { parentId: root.id, name: unique('child'), carve: [{ family: 'ipv4', prefixLength: 20 }] };
  await api.problem('length-not-allowed', 'POST', '/v1/pools', { body: { ...wrong, policy: { ipv4: { minPrefixLength: 27 } } } });
  await api.problem('length-not-allowed', 'POST', '/v1/pools', { body: { ...wrong, policy: { ipv4: { defaultPrefixLength: 30 } } } });
  await api.problem('length-not-allowed', 'POST', '/v1/pools', { body: { ...wrong, policy: { ipv4: { maxPrefixLength: 33 } } } });
  await api.problem('length-not-allowed', 'POST', '/v1/pools', { body: { ...wrong, carve: [{ family: 'ipv4', prefixLength: 33 }] } });
});

test('siblings and roots never overlap; what is outside or taken is refused by name', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  const asked = (more: object): object => ({ body: { name: unique('pool'), ...more } });
  await api.problem('prefix-overlap', 'POST', '/v1/pools', asked({ spaceId: root.spaceId, prefixes: ['45.96.8.0/24'] }));
  await api.problem('prefix-overlap', 'POST', '/v1/pools', asked({ spaceId: root.spaceId, prefixes: ['45.0.0.0/8'] }));
  await api.problem('prefix-overlap', 'POST', '/v1/pools', asked({ spaceId: root.spaceId, prefixes: ['46.0.0.0/16', '46.0.1.0/24'] }));
  await newChild(api, root.id, { prefixes: ['45.96.8.0/24'] });
  const { conflicts } = await api.problem('prefix-not-free', 'POST', '/v1/pools', asked({ parentId: root.id, prefixes: ['45.96.8.128/25'] }));
  expect(conflicts).toEqual(['45.96.8.0/24']);
  await api.problem('prefix-not-free', 'POST', '/v1/pools', asked({ parentId: root.id, prefixes: ['45.96.0.0/16'] }));
  const outside = await api.problem('prefix-outside-pool', 'POST', '/v1/pools', asked({ parentId: root.id, prefixes: ['45.97.0.0/24', '45.98.0.0/24'] }));
  expect(outside.prefix).toBe('45.97.0.0/24');
  const { prefix } = await allocate(api, root.id, { prefixLength: 28 });
  await api.problem('prefix-not-free', 'POST', '/v1/pools', asked({ parentId: root.id, prefixes: [prefix] }));
  await api.problem('parent-not-found', 'POST', '/v1/pools', asked({ parentId: nowhere, prefixes: ['45.96.0.0/24'] }));
  await api.problem('space-not-found', 'POST', '/v1/pools', asked({ spaceId: nowhere, prefixes: ['45.96.0.0/24'] }));
  await newRoot(api, ['45.96.0.0/16']);
});

test('special-purpose blocks need the word of the operator, from inside and around', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  for (const prefix of ['10.1.0.0/16', '0.0.0.0/0', '100.64.0.0/24', 'fc00::/8', '2001:db8:1::/48', '192.0.0.0/8']) {
    const problem = await api.problem('special-purpose', 'POST', '/v1/pools', { body: { spaceId, name: 'special', prefixes: [prefix] } });
    expect(problem.prefix).toBe(prefix);
  }
  const allowed = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: 'special', prefixes: ['10.1.0.0/16'], policy: { allowSpecialPurpose: true } } });
  await api.problem('special-purpose', 'PATCH', `/v1/pools/${allowed.id}`, { body: { prefixes: ['10.1.0.0/16', '10.2.0.0/16'], policy: { allowSpecialPurpose: false } } });
  const child = await newChild(api, allowed.id, { carve: [{ family: 'ipv4', prefixLength: 24 }] });
  expect(child.policy.allowSpecialPurpose).toBe(true);
});

test('names are unique among siblings and free elsewhere', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  const carve = [{ family: 'ipv4', prefixLength: 24 }];
  const north = await newChild(api, root.id, { name: 'north', carve });
  await api.problem('name-taken', 'POST', '/v1/pools', { body: { parentId: root.id, name: 'north', carve } });
  await newChild(api, north.id, { name: 'north', carve: [{ family: 'ipv4', prefixLength: 25 }] });
  const south = await newChild(api, root.id, { name: 'south', carve });
  await api.problem('name-taken', 'PATCH', `/v1/pools/${south.id}`, { body: { name: 'north' } });
});

test('deleting gives everything back to the parent, and refuses while anything is held', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/16', '2a0e:b100::/32']);
  const before = await freeBlocks(database, root.id);
  const child = await newChild(api, root.id, { carve: [{ family: 'ipv4', prefixLength: 20, count: 2 }, { family: 'ipv6', prefixLength: 40 }] });
  const grandchild = await newChild(api, child.id, { carve: [{ family: 'ipv4', prefixLength: 24 }] });
  const { conflicts } = await api.problem('pool-in-use', 'DELETE', `/v1/pools/${child.id}`);
  expect(conflicts).toEqual([grandchild.id]);
  const taken = await allocate(api, grandchild.id, { prefixLength: 30 });
  await api.problem('pool-in-use', 'DELETE', `/v1/pools/${grandchild.id}`);
  await api.expect(200, 'DELETE', `/v1/allocations/${taken.id}`);
  await api.problem('precondition-failed', 'DELETE', `/v1/pools/${grandchild.id}`, { headers: { 'if-match': '"77"' } });
  await api.expect(204, 'DELETE', `/v1/pools/${grandchild.id}`, { headers: { 'if-match': '*' } });
  await api.expect(204, 'DELETE', `/v1/pools/${child.id}`);
  expect(await freeBlocks(database, root.id)).toEqual(before);
  await api.problem('pool-not-found', 'GET', `/v1/pools/${child.id}`);
  await api.problem('pool-not-found', 'DELETE', `/v1/pools/${child.id}`);
  await api.problem('pool-not-found', 'POST', '/v1/allocations', { body: allocationOf(child.id, { prefixLength: 24 }) });
});

test('one pool is created per name and prefix, however many ask at once', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/22']);
  const answers = await Promise.all(Array.from({ length: 16 }, (_, at) => api.post('/v1/pools', { parentId: root.id, name: `bng-${at}`, carve: [{ family: 'ipv4', prefixLength: 26 }] })));
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 16 }, () => 201));
  expect(new Set(answers.map((answer) => answer.body.prefixes[0])).size).toBe(16);
  expect(await freeBlocks(database, root.id)).toEqual([]);
  await Promise.all(answers.map((answer) => api.expect(204, 'DELETE', `/v1/pools/${answer.body.id}`)));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/22']);
});
