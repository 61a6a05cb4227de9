import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { allocate, asDevice, newChild, newDevice, newRoot } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

test('the cheapest block to free comes first: by leases, then addresses; the unknown last', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/20']);
  const device = await newDevice(api, root.spaceId);
  const at = (prefix: string, more: object = {}): Promise<{ id: string }> => allocate(api, root.id, { prefix, deviceId: device.id, ...more });
  const busy = await at('45.96.0.0/25');
  const quiet = [await at('45.96.4.0/24'), await at('45.96.5.128/25')];
  const empty = await at('45.96.8.0/24');
  const unknown = await at('45.96.12.0/28', { deviceId: undefined });
  const door = await asDevice(api, device.id);
  const report = (sequence: number, figures: readonly [{ id: string } | undefined, string][]): Promise<unknown> =>
    door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence, ranges: figures.map(([one, assigned]) => ({ id: one?.id, assigned, total: '126' })) } });
  await report(1, [[busy, '1'], [empty, '90'], [quiet[0], '90'], [quiet[1], '90']]);
  await report(2, [[busy, '100'], [quiet[0], '3'], [quiet[1], '4'], [empty, '0']]);
  const plan = await api.expect(200, 'GET', `/v1/pools/${root.id}/drain-plan?prefixLength=22`);
  expect(plan).toMatchObject({ poolId: root.id, family: 'ipv4', prefixLength: 22, free: '0' });
  expect(plan.candidates.map((one: { prefix: string; leases: string; unreported: number; affectedAddresses: string; freeShare: number }) => [one.prefix, one.leases, one.unreported, one.affectedAddresses, one.freeShare])).toEqual([
    ['45.96.8.0/22', '0', 0, '256', 0.75],
    ['45.96.4.0/22', '7', 0, '384', 0.625],
    ['45.96.0.0/22', '100', 0, '128', 0.875],
    ['45.96.12.0/22', '0', 1, '16', 0.9844],
  ]);
  expect(plan.candidates[1].allocations).toMatchObject([{ id: quiet[0]?.id, prefix: '45.96.4.0/24', leases: '3', deviceId: device.id }, { id: quiet[1]?.id, leases: '4' }]);
  expect(plan.candidates[3].allocations).toMatchObject([{ id: unknown.id, leases: null, deviceId: null }]);
  const short = await api.expect(200, 'GET', `/v1/pools/${root.id}/drain-plan?prefixLength=22&limit=1`);
  expect(short.candidates).toEqual(plan.candidates.slice(0, 1));
});

test('what draining cannot free is no candidate: delegated blocks, and halves of a longer allocation', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/22', '2a0e:b100::/32'], { policy: { quarantineSeconds: 600 } });
  await newChild(api, root.id, { prefixes: ['45.96.0.128/25'] });
  await allocate(api, root.id, { prefix: '45.96.0.0/28' });
  await allocate(api, root.id, { prefix: '45.96.2.0/23' });
  const resting = await allocate(api, root.id, { prefix: '45.96.1.0/28' });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  const ask = (length: number, family = 'ipv4'): Promise<{ free: string; candidates: { prefix: string }[] }> => api.expect(200, 'GET', `/v1/pools/${root.id}/drain-plan?prefixLength=${length}&family=${family}`);
  const plan = await ask(24);
  // Only what leaves already stands in it: it costs nothing but time.
  expect(plan.candidates).toMatchObject([{ prefix: '45.96.1.0/24', affectedAddresses: '0', unreported: 0, allocationCount: 1, allocations: [{ state: 'quarantined' }] }]);
  expect((await ask(21)).candidates).toEqual([]);
  expect(await ask(33, 'ipv6')).toMatchObject({ free: '2', candidates: [] });
  await allocate(api, root.id, { prefix: '2a0e:b100::/64' });
  expect(await ask(33, 'ipv6')).toMatchObject({ free: '1', candidates: [{ prefix: '2a0e:b100::/33', affectedAddresses: '18446744073709551616', freeShare: 1 }] });
  await api.problem('invalid-request', 'GET', `/v1/pools/${root.id}/drain-plan?prefixLength=24`);
  await api.problem('length-not-allowed', 'GET', `/v1/pools/${root.id}/drain-plan?prefixLength=64&family=ipv4`);
});

test('usage says how scattered the free space is', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24', '2a0e:b100::/32']);
  const usage = async (): Promise<unknown> =>
    (await api.expect(200, 'GET', `/v1/pools/${root.id}/usage`)).families.map((one: { family: string; largestFreePrefixLength: number; fragmentation: number }) => [one.family, one.largestFreePrefixLength, one.fragmentation]);
  expect(await usage()).toEqual([['ipv4', 24, 0], ['ipv6', 32, 0]]);
  await allocate(api, root.id, { prefix: '45.96.0.64/26' });
  expect(await usage()).toEqual([['ipv4', 25, 0.3333], ['ipv6', 32, 0]]);
  await allocate(api, root.id, { prefix: '45.96.0.0/26' });
  await allocate(api, root.id, { prefix: '45.96.0.128/25' });
  expect(await usage()).toEqual([['ipv4', null, null], ['ipv6', 32, 0]]);
});
