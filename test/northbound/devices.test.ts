import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually, startTestController, type TestController } from '../support/controller.js';
import { allocate, newDevice, newRoot, newSpace, nowhere, unique, type Problem } from './plan.js';

let controller: TestController;
const written: string[] = [];
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
  }
  controller = await startTestController();
});
afterAll(async () => {
  await controller.stop();
  vi.restoreAllMocks();
});

test('credentials go in and never come out', async () => {
  const { api, database } = controller;
  const spaceId = await newSpace(api);
  const secrets = ['first-secret-4711', 'second-secret-0815'];
  const device = await newDevice(api, spaceId, { adapter: 'http', endpoint: 'http://127.0.0.1:9/', credentials: { secret: secrets[0], note: 'x' } });
  expect(device.credentialNames).toEqual(['note', 'secret']);
  await eventually(async () => expect((await api.expect(200, 'GET', `/v1/deliveries?deviceId=${device.id}`)).items[0].state).toBe('failing'));
  await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { credentials: { secret: secrets[1] } } });
  await api.problem('invalid-request', 'PATCH', `/v1/devices/${device.id}`, { body: { credentials: { 'bad name': secrets[1] } } });
  const paths = [`/v1/devices/${device.id}`, '/v1/devices', `/v1/devices/${device.id}/document`, `/v1/audit?resourceId=${device.id}`, '/v1/deliveries', '/metrics'];
  const answers = await Promise.all(paths.map((path) => api.get(path)));
  const stored = await database.query<{ line: string }>(`select v::text as line from devices v where id = $1 union all select j::text from graphile_worker._private_jobs j
    union all select a::text from audit a union all select d::text from deliveries d`, [device.id]);
  const everywhere = JSON.stringify([answers.map((answer) => answer.body), stored, written]);
  expect(answers[0]?.body.credentialNames).toEqual(['secret']);
  for (const secret of secrets) expect(everywhere).not.toContain(secret);
  // bytea shows as hex: what is sealed is not the text in another dress.
  for (const secret of secrets) expect(everywhere).not.toContain(Buffer.from(secret).toString('hex'));
  const [row] = await database.query<{ sealed: Buffer }>('select sealed_credentials as sealed from devices where id = $1', [device.id]);
  expect(row?.sealed.length).toBeGreaterThan(28);
});

test('a change keeps what it does not name, and only what reaches the device makes a new revision', async () => {
  const { api } = controller;
  const device = await newDevice(api, await newSpace(api), { labels: { site: 'a' } });
  const etag = (await api.get(`/v1/devices/${device.id}`)).headers.get('etag') ?? '';
  const revision = async (): Promise<string> => (await api.expect(200, 'GET', `/v1/deliveries?deviceId=${device.id}`)).items[0].wantedRevision;
  const before = await revision();
  const renamed = await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { name: unique('renamed') }, headers: { 'if-match': etag } });
  expect(renamed).toEqual({ ...device, name: renamed.name });
  await api.problem('precondition-failed', 'PATCH', `/v1/devices/${device.id}`, { body: { labels: {} }, headers: { 'if-match': etag } });
  await api.problem('precondition-failed', 'DELETE', `/v1/devices/${device.id}`, { headers: { 'if-match': etag } });
  expect(await revision()).toBe(before);
  await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { endpoint: 'http://127.0.0.1:9/' } });
  expect(await revision()).not.toBe(before);
  const other = await newDevice(api, await newSpace(api));
  await api.problem('name-taken', 'PATCH', `/v1/devices/${device.id}`, { body: { name: other.name } });
  await api.problem('invalid-request', 'PATCH', `/v1/devices/${device.id}`, { body: { kind: 'cgn' } });
  await api.problem('device-not-found', 'PATCH', `/v1/devices/${nowhere}`, { body: { labels: {} } });
});

test('a suspended device gets nothing, keeps everything, and is brought up to date when it is active again', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24']);
  const device = await newDevice(api, root.spaceId, { adapter: 'in-memory' });
  const state = async (): Promise<string> => (await api.expect(200, 'GET', `/v1/deliveries?deviceId=${device.id}`)).items[0].state;
  await eventually(async () => expect(await state()).toBe('settled'));
  expect((await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { state: 'suspended' } })).state).toBe('suspended');
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  await api.expect(202, 'POST', `/v1/deliveries/${device.id}/retry`);
  await eventually(async () => expect(await controller.database.query('select from graphile_worker.jobs where key = $1', [`deliver:${device.id}`])).toEqual([]));
  expect(await state()).toBe('suspended');
  expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('provisioning');
  await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { state: 'active' } });
  await eventually(async () => expect(await state()).toBe('settled'));
  expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('active');
});

test('a device leaves when it serves nothing, and its tokens with it', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/24'], { policy: { quarantineSeconds: 600 } });
  const device = await newDevice(api, root.spaceId, { adapter: 'in-memory' });
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'its', role: 'device', deviceId: device.id } });
  await api.as(token).expect(200, 'GET', '/southbound/v1/document');
  const made = await allocate(api, root.id, { prefixLength: 28, deviceId: device.id });
  const { detail } = await api.problem('device-in-use', 'DELETE', `/v1/devices/${device.id}`);
  expect(detail).toContain('still serves 1 allocation (quarantined');
  await api.expect(200, 'DELETE', `/v1/allocations/${made.id}`);
  await eventually(async () => expect((await api.expect(200, 'GET', `/v1/allocations/${made.id}`)).state).toBe('quarantined'));
  await api.problem('device-in-use', 'DELETE', `/v1/devices/${device.id}`);
  const other = await newDevice(api, root.spaceId);
  const its = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'its', role: 'device', deviceId: other.id } });
  await api.expect(204, 'DELETE', `/v1/devices/${other.id}`);
  await api.as(its.token).problem('unauthorized', 'GET', '/southbound/v1/document');
  for (const path of ['', '/document']) await api.problem('device-not-found', 'GET', `/v1/devices/${other.id}${path}`);
  await api.problem('device-not-found', 'DELETE', `/v1/devices/${other.id}`);
});

test('kind, adapter, endpoint and credentials must go together', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const refused = (code: string, more: object): Promise<Problem> => api.problem(code, 'POST', '/v1/devices', { body: { name: unique('d'), kind: 'bng', adapter: 'pull', spaceId, ...more } });
  await refused('device-unsuitable', { kind: 'rpki' });
  await refused('device-unsuitable', { adapter: 'rpki' });
  await refused('device-unsuitable', { adapter: 'http', credentials: { secret: 's' } });
  expect((await refused('credentials-invalid', { adapter: 'kea', kind: 'dhcp', endpoint: 'http://127.0.0.1:9/', credentials: { username: 'u' } })).allowed).toEqual(['username', 'password']);
  await refused('credentials-invalid', { adapter: 'http', endpoint: 'http://user:secret@127.0.0.1:9/', credentials: { secret: 's' } });
  await refused('space-not-found', { spaceId: nowhere });
  await refused('invalid-request', { endpoint: 'ftp://127.0.0.1/' });
  const pushed = await newDevice(api, spaceId, { adapter: 'http', endpoint: 'http://127.0.0.1:9/', credentials: { secret: 's' } });
  await api.problem('credentials-invalid', 'PATCH', `/v1/devices/${pushed.id}`, { body: { credentials: {} } });
  await api.problem('credentials-invalid', 'PATCH', `/v1/devices/${pushed.id}`, { body: { endpoint: 'http://user@127.0.0.1:9/' } });
  await refused('name-taken', { name: pushed.name });
});

test('domains name pools of the device’s space, each by a name of its own', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['45.96.0.0/16']);
  const elsewhere = await newRoot(api, ['45.96.0.0/16']);
  const domain = { name: 'residential', poolId: root.id, family: 'ipv4', prefixLength: 26, holder: 'retail', service: 'internet' };
  const device = await newDevice(api, root.spaceId, { domains: [domain] });
  expect(device.domains).toEqual([domain]);
  const refused = (code: string, domains: object[]): Promise<Problem> => api.problem(code, 'PATCH', `/v1/devices/${device.id}`, { body: { domains } });
  await refused('name-taken', [domain, { ...domain, prefixLength: 27 }]);
  await refused('pool-not-found', [{ ...domain, poolId: nowhere }]);
  await refused('length-not-allowed', [{ ...domain, prefixLength: 64 }]);
  await refused('pool-mismatch', [{ ...domain, poolId: elsewhere.id }]);
  expect((await api.problem('pool-in-use', 'DELETE', `/v1/pools/${root.id}`)).conflicts).toEqual([device.id]);
  expect((await api.expect(200, 'PATCH', `/v1/devices/${device.id}`, { body: { domains: [] } })).domains).toEqual([]);
  await api.expect(204, 'DELETE', `/v1/pools/${root.id}`);
});

test('devices are found by name, kind and labels', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const site = unique('site');
  const bng = await newDevice(api, spaceId, { labels: { site } });
  const ca = await newDevice(api, spaceId, { kind: 'rpki', adapter: 'rpki', labels: { site, of: 'apnic' } });
  const find = async (query: string): Promise<string[]> => (await api.expect(200, 'GET', `/v1/devices?labels=site=${site}${query}`)).items.map((one: { id: string }) => one.id);
  expect(await find('')).toEqual([bng.id, ca.id]);
  expect(await find('&kind=rpki')).toEqual([ca.id]);
  expect(await find(`&name=${bng.name}`)).toEqual([bng.id]);
  expect(await find(',of=apnic')).toEqual([ca.id]);
  await api.problem('invalid-request', 'GET', '/v1/devices?kind=router');
});
