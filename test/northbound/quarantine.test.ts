import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pullingDevice } from '../southbound/devices.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, freeBlocks, newChild, newRoot, type Allocation } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterEach(async () => {
  expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});
afterAll(() => controller.stop());

const release = (id: string): Promise<Allocation> => controller.api.expect(200, 'DELETE', `/v1/allocations/${id}`);

test('a quarantine ends early for a reason, which the audit keeps', async () => {
  const { api, database } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 3600 } });
  const { id } = await allocate(api, root.id, { prefixLength: 26 });
  const path = `/v1/allocations/${id}/release-quarantine`;
  await api.problem('state-conflict', 'POST', path, { body: { reason: 'in use' } });
  await release(id);
  for (const body of [{}, { reason: '' }, { reason: '  ' }]) await api.problem('invalid-request', 'POST', path, { body });
  expect((await api.expect(200, 'POST', `${path}?dryRun=true`, { body: { reason: 'a try' } })).state).toBe('free');
  expect(await api.expect(200, 'POST', path, { body: { reason: 'the customer is back' } })).toMatchObject({ id, state: 'free', waitingFor: [], quarantinedUntil: null });
  await api.problem('allocation-not-found', 'POST', path, { body: { reason: 'twice' } });
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24']);
  const { items } = await api.expect(200, 'GET', `/v1/audit?resourceId=${id}&operation=releaseQuarantine`);
  expect(items).toMatchObject([{ before: { state: 'quarantined' }, after: { state: 'free', reason: 'the customer is back' } }]);
});

test('no reason takes the place of the device’s evidence', async () => {
  const { api } = controller;
  const { device, pool, pull, acknowledge } = await pullingDevice(api, '45.96.0.0/24', { quarantineSeconds: 3600 });
  const { id } = await allocate(api, pool.id, { prefixLength: 26, deviceId: device.id });
  await acknowledge((await pull()).body.revision);
  expect((await release(id)).state).toBe('withdrawing');
  await api.problem('state-conflict', 'POST', `/v1/allocations/${id}/release-quarantine`, { body: { reason: 'hurry' } });
  await acknowledge((await pull()).body.revision);
  expect((await api.expect(200, 'POST', `/v1/allocations/${id}/release-quarantine`, { body: { reason: 'hurry' } })).state).toBe('free');
});

test('a full quarantine lets go of what has rested longest, family by family', async () => {
  const { api, database } = controller;
  const policy = { quarantineSeconds: 3600, quarantineMaxAddresses: { ipv4: '128' } };
  const root = await newRoot(api, ['45.96.0.0/24', '2a0e:b100::/32'], { policy });
  expect(root.policy.quarantineMaxAddresses).toEqual({ ipv4: '128', ipv6: null });
  const ids: string[] = [];
  for (let at = 0; at < 4; at += 1) ids.push((await allocate(api, root.id, { family: 'ipv4', prefixLength: 26 })).id);
  const six = await allocate(api, root.id, { family: 'ipv6', prefixLength: 33 });
  for (const id of [...ids, six.id]) await release(id);
  const left = (): Promise<{ id: string }[]> => database.query(`select id from allocations where pool_id = $1 and state = 'quarantined' order by quarantined_until`, [root.id]);
  await eventually(async () => expect(await left()).toEqual([{ id: ids[2] }, { id: ids[3] }, { id: six.id }]));
  // A lower cap is for what rests already; none at all lets nothing rest.
  await api.expect(200, 'PATCH', `/v1/pools/${root.id}`, { body: { policy: { quarantineMaxAddresses: { ipv4: '0', ipv6: '1' } } } });
  await eventually(async () => expect(await left()).toEqual([]));
  expect(await freeBlocks(database, root.id)).toEqual(['45.96.0.0/24', '2a0e:b100::/32']);
});

test('children take the cap over unless they say otherwise', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineMaxAddresses: { ipv4: '64', ipv6: '0' } } });
  const child = await newChild(api, root.id, { prefixes: ['45.96.0.0/25'], policy: { quarantineMaxAddresses: { ipv4: null } } });
  expect(child.policy.quarantineMaxAddresses).toEqual({ ipv4: null, ipv6: '0' });
});
