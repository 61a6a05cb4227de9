/** Pools and allocations as files: what goes out comes in elsewhere as it was, and each line that does not is named. */
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { contractOperation } from '../../src/contract/contract.js';
import { RecordStreams } from '../../src/northbound/record-stream.js';
import { applyImport } from '../../src/operations/imports/apply-import.js';
import { receiveImport } from '../../src/operations/imports/receive-import.js';
import { sweep } from '../../src/operations/background/sweep.js';
import { Hall } from '../../src/operations/hall.js';
import { controllerActor } from '../../src/model/audit.js';
import type { ExchangeLine } from '../../src/model/exchange.js';
import { createDataSource } from '../../src/storage/database.js';
import { SecretBox } from '../../src/storage/secret-box.js';
import { Transactions } from '../../src/storage/transactions.js';
import type { ApiAnswer } from '../support/api.js';
import { eventually, secretKey, startTestController, adminToken, type TestController } from '../support/controller.js';
import { allocate, newChild, newDevice, newSpace, nowhere, unique, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

type Kind = 'pools' | 'allocations';
interface Import {
  readonly id: string;
  readonly state: string;
  readonly linesRead: number;
  readonly linesDone: number;
  readonly created: number;
  readonly refused: number;
}
const types = { csv: 'text/csv', json: 'application/x-ndjson' } as const;

async function exported(kind: Kind, spaceId: string, format: 'csv' | 'json' = 'csv'): Promise<string> {
  const answer = await fetch(`${controller.api.url}/v1/exports/${kind}?spaceId=${spaceId}&format=${format}`, { headers: { authorization: `Bearer ${adminToken}` } });
  const body = await answer.text();
  expect(contractOperation(kind === 'pools' ? 'exportPools' : 'exportAllocations').validateAnswer(answer.status, answer.headers.get('content-type')?.split(';')[0], body)).toEqual([]);
  expect(answer.status, body).toBe(200);
  return body;
}

function bring(kind: Kind, spaceId: string, body: string, query = '', type: string = types.csv): Promise<Import> {
  return controller.api.expect(202, 'POST', `/v1/imports/${kind}?spaceId=${spaceId}${query}`, { body, headers: { 'content-type': type } });
}

async function ended(id: string): Promise<Import> {
  return eventually(async () => {
    const found = await controller.api.expect(200, 'GET', `/v1/imports/${id}`);
    expect(['done', 'failed']).toContain(found.state);
    return found;
  }, 60_000);
}

async function brought(...asked: Parameters<typeof bring>): Promise<Import> {
  return ended((await bring(...asked)).id);
}

async function refusals(id: string): Promise<[number, string][]> {
  const { items } = await controller.api.expect(200, 'GET', `/v1/imports/${id}/refusals`);
  return items.map((refusal: { line: number; code: string }) => [refusal.line, refusal.code]);
}

/** Everything that files are known to break. */
const awkward = ['a/b~c', '=HYPERLINK("x")', 'comma, "quote"', '~1', ' spaces ', 'Zürich 株式会社 🛰', '-1+2', 'U+2028 \u2028'];

async function awkwardSpace(): Promise<string> {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const root: Pool = await api.expect(201, 'POST', '/v1/pools', {
    body: {
      spaceId,
      name: 'operator/one',
      prefixes: ['45.96.0.0/16', '45.99.0.0/24', '2a0e:b100::/32'],
      policy: { quarantineSeconds: 600, ipv4: { maxPrefixLength: 30, defaultPrefixLength: 26 }, alarms: { ipv4: { raiseBelowFree: '10%', clearAboveFree: '20%' } }, placement: 'sparse' },
      labels: { scope: 'public', 'a.b/c': '' },
    },
  });
  for (const name of awkward) {
    const child = await newChild(api, root.id, { name, carve: [{ family: 'ipv4', prefixLength: 24 }], labels: { name: 'x;y "z"' }, policy: { quarantineSeconds: 3600 } });
    const more = await newChild(api, child.id, { name: 'inner', carve: [{ family: 'ipv4', prefixLength: 26 }] });
    await allocate(api, more.id, { family: 'ipv4', prefixLength: 30, holder: name, service: name, labels: { contract: '4711' }, originAs: 64_500 });
    await allocate(api, child.id, { family: 'ipv4', prefixLength: 28, holder: name, validUntil: '2099-01-01T00:00:00.500Z' });
  }
  await leavingPools(root.id);
  await allocate(api, root.id, { family: 'ipv6', prefixLength: 56 });
  const drained = await allocate(api, root.id, { family: 'ipv6', prefixLength: 56 });
  await api.expect(200, 'POST', `/v1/allocations/${drained.id}/drain`);
  const resting = await allocate(api, root.id, { family: 'ipv6', prefixLength: 56 });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  return spaceId;
}

/** A pool that runs empty, with all that may still be in it, and one below it that does so no more. */
async function leavingPools(parentId: string): Promise<void> {
  const { api } = controller;
  const leaving = await newChild(api, parentId, { name: 'leaving', carve: [{ family: 'ipv4', prefixLength: 24 }] });
  const [below, again] = await Promise.all(['below', 'again'].map((name) => newChild(api, leaving.id, { name, carve: [{ family: 'ipv4', prefixLength: 26 }] })));
  for (const pool of [leaving, below, again, leaving]) await allocate(api, pool?.id ?? '', { prefixLength: 28 });
  const resting = await allocate(api, leaving.id, { prefixLength: 28 });
  await api.expect(200, 'DELETE', `/v1/allocations/${resting.id}`);
  await api.expect(200, 'POST', `/v1/pools/${leaving.id}/retire`);
  await api.expect(200, 'POST', `/v1/pools/${again?.id}/activate`);
}

describe.each(['csv', 'json'] as const)('the round trip as %s', (format) => {
  test('export, import into an empty space, export: the same text', async () => {
    const from = await awkwardSpace();
    const to = await newSpace(controller.api);
    const pools = await exported('pools', from, format);
    const allocations = await exported('allocations', from, format);
    expect(pools.trimEnd().split('\n')).toHaveLength(20 + (format === 'csv' ? 1 : 0));
    const imports = [await brought('pools', to, pools, '', types[format]), await brought('allocations', to, allocations, '&mode=atomic', types[format])];
    expect(imports.map(({ id: _, ...rest }) => rest)).toMatchObject([
      { state: 'done', linesRead: 20, linesDone: 20, created: 20, refused: 0 },
      { state: 'done', linesRead: 24, linesDone: 24, created: 24, refused: 0 },
    ]);
    expect(await exported('pools', to, format)).toBe(pools);
    expect(await exported('allocations', to, format)).toBe(allocations);
    expect((await controller.api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
    const { items } = await controller.api.expect(200, 'GET', `/v1/audit?resourceId=${imports[0]?.id}`);
    expect(items.map((entry: { operation: string; actor: { tokenId: string } }) => [entry.operation, entry.actor.tokenId !== null])).toEqual([['importPools', true], ['importPools', true]]);
  }, 120_000);
});

const pools = ['path,prefixes,labels', '/root,45.96.0.0/24,', '/root/a,45.96.0.0/26,region=north'];
const lines = (...more: string[]): string => [...pools, ...more].join('\n');

test('each refused line is named, with its number, its code and its text; the others are kept', async () => {
  const spaceId = await newSpace(controller.api);
  const first = await brought('pools', spaceId, lines('/nobody/b,45.96.0.64/26,', '/root/c,45.96.0.0/27,', '/root/d,45.96.0.65/26,', '/root/e,,', 'root,45.97.0.0/24,', '/x,10.0.0.0/8,', '/root/f,45.96.0.64/26', '', '/root/g,45.96.0.64/26,'));
  expect(first).toMatchObject({ state: 'done', linesRead: 10, created: 3, refused: 7 });
  expect(await refusals(first.id)).toEqual([[4, 'parent-not-found'], [5, 'prefix-not-free'], [6, 'invalid-prefix'], [7, 'invalid-request'], [8, 'invalid-request'], [9, 'special-purpose'], [10, 'import-invalid']]);
  const page = await controller.api.expect(200, 'GET', `/v1/imports/${first.id}/refusals?limit=1`);
  expect(page.items[0]).toMatchObject({ line: 4, text: '/nobody/b,45.96.0.64/26,', detail: expect.stringContaining('/nobody') });
  expect((await controller.api.expect(200, 'GET', `/v1/imports/${first.id}/refusals?limit=2&cursor=${page.nextCursor}`)).items.map((one: { line: number }) => one.line)).toEqual([5, 6]);

  const rows = ['pool,prefix,holder,service,state,device', '/root/a,45.96.0.0/28,h,s,,', '/root/b,45.96.0.16/28,h,s,,', '/root/a,45.96.0.0/29,h,s,,', '/root/a,45.96.0.32/28,h,s,withdrawing,', '/root/a,45.96.0.48/28,h,s,,nobody', '/root/a,45.96.0.48/28,,s,,'];
  const second = await brought('allocations', spaceId, rows.join('\r\n'));
  expect(second).toMatchObject({ state: 'done', created: 1, refused: 5 });
  expect(await refusals(second.id)).toEqual([[3, 'pool-not-found'], [4, 'prefix-not-free'], [5, 'state-conflict'], [6, 'device-not-found'], [7, 'invalid-request']]);
  const json = ['{"pool":"/root/a","prefix":"45.96.0.16/28","holder":"h","service":"s"}', '{"pool":', '[]', '', '{"pool":"/root/a","prefix":"45.96.0.32/28","holder":"\\u0000","service":"s"}', '{"pool":"/root/a","prefix":"45.96.0.32/28","holder":"h","service":"s","more":1}'];
  const third = await brought('allocations', spaceId, json.join('\n'), '', types.json);
  expect(third).toMatchObject({ created: 1, refused: 4 });
  expect(await refusals(third.id)).toEqual([[2, 'import-invalid'], [3, 'invalid-request'], [5, 'invalid-request'], [6, 'invalid-request']]);
});

test('what is leaving is restored, and nothing else comes into a pool that is', async () => {
  const spaceId = await newSpace(controller.api);
  const made = await brought('pools', spaceId, ['path,prefixes,state', '/root,45.96.0.0/24,retiring', '/root/a,45.96.0.0/26,', '/root/b,45.96.0.64/26,active', '/root/c,45.96.0.128/26,gone'].join('\n'));
  expect(await refusals(made.id)).toEqual([[3, 'pool-retiring'], [5, 'invalid-request']]);
  expect((await exported('pools', spaceId)).match(/^\/[^,]*,[^,]*,[a-z]+/gm)).toEqual(['/root,45.96.0.0/24,retiring', '/root/b,45.96.0.64/26,active']);
  const rows = ['pool,prefix,holder,service,state', ...['', 'active', 'drained', 'draining', 'quarantined'].map((state, at) => `/root,45.96.0.${at}/32,h,s,${state}`)];
  expect(await refusals((await brought('allocations', spaceId, rows.join('\n'))).id)).toEqual([[2, 'pool-retiring'], [3, 'pool-retiring']]);
});

test('the same file again changes nothing: every line is refused', async () => {
  const spaceId = await newSpace(controller.api);
  await brought('pools', spaceId, lines());
  const before = await exported('pools', spaceId);
  const again = await brought('pools', spaceId, lines());
  expect(again).toMatchObject({ state: 'done', created: 0, refused: 2 });
  expect(await exported('pools', spaceId)).toBe(before);
});

test('atomic: one refused line, and nothing is kept; all refused lines are named', async () => {
  const spaceId = await newSpace(controller.api);
  const failed = await brought('pools', spaceId, lines('/nobody/b,45.96.0.64/26,', '/root/c,45.96.0.64/26,', 'x,y,z'), '&mode=atomic');
  expect(failed).toMatchObject({ state: 'failed', linesRead: 5, linesDone: 5, created: 0, refused: 2 });
  expect(await refusals(failed.id)).toEqual([[4, 'parent-not-found'], [6, 'invalid-request']]);
  expect(await exported('pools', spaceId)).toBe('path,prefixes,state,policy,labels\n');
});

test('a dry run tells what would be, and keeps nothing but that', async () => {
  const spaceId = await newSpace(controller.api);
  const answer = await controller.api.ask('POST', `/v1/imports/pools?spaceId=${spaceId}&dryRun=true`, { body: lines('/nobody/b,45.96.0.64/26,'), headers: { 'content-type': types.csv } });
  expect([answer.status, answer.headers.get('dry-run'), answer.headers.get('location')]).toEqual([202, 'true', `/v1/imports/${answer.body.id}`]);
  expect(await ended(answer.body.id)).toMatchObject({ state: 'done', dryRun: true, created: 2, refused: 1 });
  expect(await exported('pools', spaceId)).toBe('path,prefixes,state,policy,labels\n');
});

test('a device is found by its name, in the space', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  await brought('pools', spaceId, lines());
  const device = await newDevice(api, spaceId);
  await brought('allocations', spaceId, `pool,prefix,holder,service,device\n/root/a,45.96.0.0/28,h,s,${device.name}`);
  const { items } = await api.expect(200, 'GET', `/v1/allocations?spaceId=${spaceId}`);
  expect(items).toMatchObject([{ deviceId: device.id, state: 'provisioning', waitingFor: ['device'] }]);
  expect(await exported('allocations', spaceId)).toContain(`/root/a,45.96.0.0/28,provisioning,h,s,${device.name},false,`);
});

test('a file that cannot be read is refused whole, and nothing of it stays', async () => {
  const { api, database } = controller;
  const spaceId = await newSpace(api);
  const refused = (code: string, body: string, type: string = types.csv): Promise<{ detail: string }> => api.problem(code, 'POST', `/v1/imports/pools?spaceId=${spaceId}`, { body, headers: { 'content-type': type } });
  await refused('import-invalid', '');
  expect((await refused('import-invalid', 'path,prefix,labels,labels\n')).detail).toMatch(/"prefix".*"labels".*prefixes is missing/);
  await refused('import-invalid', `${pools[0]}\n${'/root,45.96.0.0/24,\n'.repeat(500)}/a,"unclosed`);
  await refused('import-invalid', `"${'x'.repeat(5_000_000)}"`, types.json);
  await refused('unsupported-media-type', '<pools/>', 'text/plain');
  await refused('unsupported-media-type', '{}', 'application/json');
  await api.problem('space-not-found', 'POST', `/v1/imports/pools?spaceId=${nowhere}`, { body: lines(), headers: { 'content-type': types.csv } });
  await api.problem('space-not-found', 'GET', `/v1/exports/pools?spaceId=${nowhere}`);
  await api.problem('invalid-request', 'GET', '/v1/exports/pools');
  await api.problem('import-not-found', 'GET', `/v1/imports/${nowhere}/refusals`);
  expect(await database.query('select id from imports where space_id = $1', [spaceId])).toEqual([]);
});

test('under one key a file is imported once, and no other file is', async () => {
  const { api, database } = controller;
  const spaceId = await newSpace(api);
  const headers = { 'content-type': types.csv, 'idempotency-key': unique('key') };
  const send = (body: string, query = `spaceId=${spaceId}`, type: string = types.csv, kind = 'pools'): Promise<ApiAnswer> => api.ask('POST', `/v1/imports/${kind}?${query}`, { body, headers: { ...headers, 'content-type': type } });
  // What is refused whole leaves the key free.
  expect((await send('path,prefixes\n/a,"unclosed')).body.code).toBe('import-invalid');
  const first = await send(lines());
  expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([202, null]);
  await ended(first.body.id);
  const again = await send(lines());
  expect([again.status, again.headers.get('idempotency-replayed'), again.headers.get('location'), again.body]).toEqual([202, 'true', `/v1/imports/${first.body.id}`, first.body]);
  const others = [await send(lines('/more,45.97.0.0/24,')), await send(lines(), `spaceId=${spaceId}&mode=atomic`), await send(lines(), `spaceId=${await newSpace(api)}`), await send(lines(), undefined, types.json), await send('pool,prefix,holder,service\n', undefined, types.csv, 'allocations')];
  expect(new Set(others.map(({ body }) => body.code))).toEqual(new Set(['idempotency-key-reused']));
  const both = await Promise.all([1, 2].map(() => api.ask('POST', `/v1/imports/pools?spaceId=${spaceId}`, { body: lines(), headers: { ...headers, 'idempotency-key': 'at once' } })));
  expect([both[0]?.body.id, both.map((answer) => answer.headers.get('idempotency-replayed')).toSorted()]).toEqual([both[1]?.body.id, [null, 'true']]);
  await ended(both[0]?.body.id);
  expect(await database.query('select id from imports where space_id = $1 order by id', [spaceId])).toEqual([{ id: first.body.id }, { id: both[0]?.body.id }].toSorted((a, b) => (a.id < b.id ? -1 : 1)));
});

test('who may not import is refused before anything is read', async () => {
  const endless = new ReadableStream({ pull: (stream) => stream.enqueue(Buffer.alloc(65_536, 0x61)) });
  const answer = await fetch(`${controller.api.url}/v1/imports/pools?spaceId=${nowhere}`, { method: 'POST', body: endless, duplex: 'half', headers: { 'content-type': types.csv } } as RequestInit);
  expect(answer.status).toBe(401);
});

test('a file that is refused early may be sent to its end, and its connection serves on', async () => {
  const space = await newSpace(controller.api);
  const file = Buffer.concat([Buffer.from('bogus\n'), Buffer.alloc(8 << 20, 'x\n')]);
  const { hostname, port } = new URL(controller.api.url);
  const socket = connect(Number(port), hostname).setEncoding('utf8').pause();
  onTestFinished(() => void socket.destroy());
  const send = (octets: string | Buffer): Promise<void> => new Promise((resolve) => socket.write(octets, () => resolve()));
  await send(
    `POST /v1/imports/pools?spaceId=${space} HTTP/1.1\r\nHost: casm\r\nAuthorization: Bearer ${adminToken}\r\nContent-Type: text/csv\r\nContent-Length: ${file.length}\r\n\r\n`,
  );
  // All of it before an answer is looked for, as simple clients do.
  await send(file);
  await send('GET /healthz HTTP/1.1\r\nHost: casm\r\n\r\n');
  let answered = '';
  socket.on('data', (part: string) => (answered += part)).resume();
  await eventually(async () => expect(answered.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 422', 'HTTP/1.1 200']));
});

test('an upload that breaks off leaves nothing', async () => {
  const { database } = controller;
  const spaceId = await newSpace(controller.api);
  const aborted = new AbortController();
  const broken = new ReadableStream({
    async pull(stream) {
      stream.enqueue(Buffer.from(`${pools[0]}\n${'/root,45.96.0.0/24,\n'.repeat(1_000)}`));
      await eventually(async () => expect(await database.query('select from import_chunks c join imports i on i.id = c.import_id where i.space_id = $1', [spaceId])).not.toEqual([]));
      aborted.abort();
    },
  });
  const upload = fetch(`${controller.api.url}/v1/imports/pools?spaceId=${spaceId}`, { method: 'POST', body: broken, duplex: 'half', signal: aborted.signal, headers: { 'content-type': types.csv, authorization: `Bearer ${adminToken}` } } as RequestInit);
  await expect(upload).rejects.toThrow(/abort/);
  await eventually(async () => expect(await database.query('select from imports where space_id = $1', [spaceId])).toEqual([]));
});

test('exports are written as they are read; four at once, and whoever goes makes room', async () => {
  const spaceId = await newSpace(controller.api);
  await brought('pools', spaceId, 'path,prefixes\n/root,45.96.0.0/16');
  const rows = Array.from({ length: 3_000 }, (_, at) => `/root,45.96.${at >> 8}.${at & 255}/32,holder,${'service'.repeat(20)}`);
  await brought('allocations', spaceId, ['pool,prefix,holder,service', ...rows].join('\n'));
  const source = await createDataSource(controller.database.url, 6).initialize();
  const streams = new RecordStreams(new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7));
  const open = (): Promise<Readable> => streams.of('allocations', spaceId, 'csv');
  const [first, second, ...others] = await Promise.all([open(), open(), open(), open()]);
  await expect(open()).rejects.toMatchObject({ code: 'busy' });
  first.destroy();
  const again = await eventually(open);
  const whole = await text(second);
  expect(whole.split('\n')).toHaveLength(3_002);
  expect(whole).toBe(await exported('allocations', spaceId));
  for (const stream of [again, ...others]) stream.destroy();
  await expect(streams.of('allocations', nowhere, 'csv')).rejects.toMatchObject({ code: 'space-not-found' });
  await eventually(async () => expect(await controller.database.query(`select from pg_stat_activity where datname = current_database() and query like 'fetch%' and state = 'idle in transaction'`)).toEqual([]));
  await source.destroy();
});

test('imports are listed, the newest first, page by page', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const made: Import[] = [];
  for (const name of ['one', 'two', 'three']) made.unshift(await brought('pools', spaceId, `path,prefixes\n/${name},45.96.${made.length}.0/24`));
  const listed = await api.expect(200, 'GET', `/v1/imports?spaceId=${spaceId}`);
  expect(listed).toEqual({ items: made, nextCursor: null });
  const first = await api.expect(200, 'GET', `/v1/imports?spaceId=${spaceId}&limit=2`);
  expect(first.items).toEqual(made.slice(0, 2));
  // What begins between two pages moves none of what is still to be read.
  const later = await brought('pools', spaceId, 'path,prefixes\n/four,45.96.9.0/24');
  expect(await api.expect(200, 'GET', `/v1/imports?spaceId=${spaceId}&limit=2&cursor=${first.nextCursor}`)).toEqual({ items: made.slice(2), nextCursor: null });
  expect((await api.expect(200, 'GET', '/v1/imports?limit=1')).items).toEqual([later]);
  expect((await api.expect(200, 'GET', `/v1/imports?spaceId=${nowhere}`)).items).toEqual([]);
  await api.problem('invalid-cursor', 'GET', '/v1/imports?cursor=x');
});

describe('background work that is interrupted', () => {
  const call = { operation: 'importAllocations', actor: { ...controllerActor, name: 'somebody' }, requestId: 'their-request' };
  const hosts = 5_000;
  async function* rows(): AsyncGenerator<ExchangeLine> {
    for (let at = 0; at < hosts; at += 1) yield { line: at + 1, text: '', record: { pool: '/root', prefix: `45.96.${at >> 8}.${at & 255}/32`, holder: 'h', service: 's' } };
  }

  test.each(['bestEffort', 'atomic'] as const)('%s: whoever takes over ends it, and nothing is done twice', async (mode) => {
    const { api, database } = controller;
    const spaceId = await newSpace(api);
    await brought('pools', spaceId, 'path,prefixes\n/root,45.96.0.0/16');
    const source = await createDataSource(database.url, 4).initialize();
    const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
    // Nobody else may take it up meanwhile.
    await database.query(`create function keep_away() returns trigger language plpgsql as $$ begin new.run_at := 'infinity'; return new; end $$`);
    await database.query(`create trigger keep_away before insert on graphile_worker._private_jobs for each row execute function keep_away()`);
    const { result: { id } } = await receiveImport(hall, call, { kind: 'allocations', spaceId, mode, dryRun: false }, { lines: rows(), hash: () => Buffer.alloc(0) }).finally(async () => {
      await database.query('drop trigger keep_away on graphile_worker._private_jobs');
      await database.query('drop function keep_away');
    });
    const death = new AbortController();
    // The clock is asked once a transaction: the second is the last.
    let asked = 0;
    const dying = (): Date => {
      if ((asked += 1) === 2) death.abort();
      return new Date();
    };
    await expect(applyImport(new Hall(new Transactions(source), new SecretBox(secretKey), dying, uuidv7), id, death.signal)).rejects.toThrow(/abort/);
    const between = await api.expect(200, 'GET', `/v1/imports/${id}`);
    expect(between).toMatchObject({ state: 'running', linesRead: hosts });
    const [count] = await database.query<{ count: string }>('select count(*) from allocations where space_id = $1', [spaceId]);
    expect([Number(count?.count), between.linesDone]).toEqual(mode === 'atomic' ? [0, 0] : [2_000, 2_000]);
    await applyImport(hall, id, new AbortController().signal);
    expect(await api.expect(200, 'GET', `/v1/imports/${id}`)).toMatchObject({ state: 'done', linesDone: hosts, created: hosts, refused: 0 });
    await applyImport(hall, id, new AbortController().signal);
    expect(await database.query('select count(*)::int, count(distinct resource_id)::int as distinct from audit where space_id = $1', [spaceId])).toEqual([{ count: hosts, distinct: hosts }]);
    await source.destroy();
  });

  test('an upload whose controller died is forgotten after an hour', async () => {
    const { database } = controller;
    const spaceId = await newSpace(controller.api);
    const source = await createDataSource(database.url, 2).initialize();
    const at = (time: Date): Hall => new Hall(new Transactions(source), new SecretBox(secretKey), () => time, uuidv7);
    const ended = receiveImport(at(new Date()), call, { kind: 'allocations', spaceId, mode: 'atomic', dryRun: false }, { hash: () => Buffer.alloc(0), lines: Readable.from([{ line: 1, text: '' }]).compose(async function* (given: AsyncIterable<ExchangeLine>) {
      yield* given;
      const left = (time: number): Promise<object[]> => at(new Date(Date.now() + time)).write(call, sweep, undefined).then(() => database.query('select from imports where space_id = $1', [spaceId]));
      expect(await left(0)).toHaveLength(1);
      expect(await left(3_700_000)).toHaveLength(0);
    }) as AsyncIterable<ExchangeLine> });
    await expect(ended).rejects.toThrow();
    await source.destroy();
  });
});
