/** The whole way on the real thing: a prefix is requested over HTTP, and a DHCP client gets an address out of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contains, parsePrefix, parsePrefixOrAddress } from '../../src/model/prefix.js';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { KeaConsole, type KeaServer } from '../southbound/adapters/kea/kea-console.js';
import { startDhcpWire, type DhcpWire } from './dhcp-wire.js';
import { startRealKea } from './real-kea.js';

let controller: TestController;
let wire: DhcpWire;
let server: KeaServer;

beforeAll(async () => {
  controller = await startTestController();
  wire = await startDhcpWire();
  await wire.serve('45.96.7.1/28');
  server = await startRealKea({ serve: { namespace: wire.serverNamespace, interface: wire.serverInterface } });
});
afterAll(async () => {
  await server?.stop();
  await wire?.stop();
  await controller?.stop();
});

it('is requested, delivered to Kea, leased to a client, and comes back when the lease is gone', async () => {
  const { api } = controller;
  const { id: spaceId } = await api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
  const { id: poolId } = await api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: 'access', prefixes: ['45.96.7.0/24'] } });
  const credentials = { username: server.username, password: server.password };
  const device = { name: 'dhcp-1', kind: 'dhcp', adapter: 'kea', spaceId, endpoint: server.url, credentials };
  const { id: deviceId } = await api.expect(201, 'POST', '/v1/devices', { body: device });
  const request = { poolId, prefixLength: 28, holder: 'residential', service: 'internet', deviceId };
  const { id, prefix } = await api.expect(201, 'POST', '/v1/allocations', { body: request });
  await eventually(async () => expect((await api.get(`/v1/allocations/${id}`)).body).toMatchObject({ state: 'active', waitingFor: [] }));

  const lease = await wire.obtainAddress();
  expect(lease).not.toBeNull();
  expect(contains(parsePrefix(prefix), parsePrefixOrAddress(lease?.address ?? ''))).toBe(true);
  expect(lease?.routers).toBe('45.96.7.1');

  // Someone still has an address of it: the prefix is not taken from under them.
  expect((await api.delete(`/v1/allocations/${id}`)).body).toMatchObject({ state: 'withdrawing', waitingFor: ['device'] });
  const delivery = () => api.get(`/v1/deliveries?deviceId=${deviceId}`).then((answer) => answer.body.items[0]);
  await eventually(async () => expect(await delivery()).toMatchObject({ state: 'failing', lastError: expect.stringContaining('1 lease') }));
  expect((await api.get(`/v1/allocations/${id}`)).body.state).toBe('withdrawing');

  await new KeaConsole(server).must('dhcp4', 'lease4-del', { 'ip-address': lease?.address });
  await api.expect(202, 'POST', `/v1/deliveries/${deviceId}/retry`);
  await eventually(async () => expect((await api.get(`/v1/allocations/${id}`)).status).toBe(404));
  expect((await api.get(`/v1/pools/${poolId}/usage`)).body.families[0]).toMatchObject({ total: '256', free: '256' });
  expect((await api.get('/v1/integrity')).body.clean).toBe(true);
});
