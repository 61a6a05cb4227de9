/** What goes on without a client, while the controller is killed (SIGKILL): queues and imports are taken up again, and nothing is half done. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { allocate, allocationOf, newRoot, type Pool } from '../northbound/plan.js';
import { Api } from '../support/api.js';
import { adminToken, eventually } from '../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BuiltController } from './built-controller.js';
import { crashSeed, deaths, seeded, throughCrashes } from './crashes.js';

const seed = crashSeed();
const random = seeded(seed);
const count = 12_000;

let database: TestDatabase;
let controller: BuiltController;
let api: Api;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  controller = await BuiltController.start(database.url);
  api = new Api(controller.url, adminToken);
});
afterAll(async () => {
  await controller.stop();
  await database.drop();
});

test('who waits is served when space returned while nobody was there, and who waited long enough is told so', { timeout: 90_000 }, async () => {
  const root = await newRoot(api, ['45.96.0.0/30'], { policy: { quarantineSeconds: 2 } });
  const taken = await allocate(api, root.id, { prefixLength: 30 });
  const wait = async (seconds: number): Promise<string> => (await api.expect(202, 'POST', '/v1/allocations', { body: allocationOf(root.id, { prefixLength: 31, wait: { seconds } }) })).id;
  const [over, first, second] = [await wait(1), await wait(600), await wait(600)];
  await api.expect(200, 'DELETE', `/v1/allocations/${taken.id}`);
  await controller.kill();
  await sleep(2_500);
  const [resting] = await database.query<{ state: string }>('select state from allocations where id = $1', [taken.id]);
  expect(resting?.state).toBe('quarantined');
  await controller.restart();
  const states = async (): Promise<string[]> => Promise.all([over, first, second].map(async (id) => (await api.expect(200, 'GET', `/v1/waiting-requests/${id}`)).state));
  await eventually(async () => expect(await states()).toEqual(['expired', 'served', 'served']), 60_000);
  expect(await database.query('select from allocations where pool_id = $1', [root.id])).toHaveLength(2);
  expect(await controller.fsck()).toMatchObject({ status: 0 });
});

/** Each a /30 of 45.96.0.0/14, and then what is added. */
const fileOf = (more = ''): string =>
  `${Array.from({ length: count }, (_, at) => JSON.stringify({ pool: '/p', prefix: `45.${96 + (at >> 14)}.${(at >> 6) & 255}.${(at & 63) << 2}/30`, holder: 'h', service: 's' })).join('\n')}\n${more}`;
/** The first of them again. */
const refused = `${JSON.stringify({ pool: '/p', prefix: '45.96.0.0/30', holder: 'h', service: 's' })}\n`;

interface Import {
  readonly id: string;
  readonly state: string;
  readonly linesDone: number;
}

async function newPool(): Promise<Pool> {
  const { spaceId } = await newRoot(api, ['10.0.0.0/32'], { policy: { allowSpecialPurpose: true } });
  return api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: 'p', prefixes: ['45.96.0.0/14'] } });
}

const made = async ({ id }: Pool): Promise<number> => (await database.query('select from allocations where pool_id = $1', [id])).length;

const endings = [
  { title: 'atomic, and kept whole', mode: 'atomic', body: fileOf(), end: { state: 'done', created: count, refused: 0 } },
  { title: 'atomic, and refused for its last line', mode: 'atomic', body: fileOf(refused), end: { state: 'failed', created: 0, refused: 1 } },
  { title: 'bestEffort, each chunk once', mode: 'bestEffort', body: fileOf(refused), end: { state: 'done', created: count, refused: 1 } },
];

test.each(endings)(`an import killed while it is applied: $title (CASM_CRASH_SEED=${seed})`, { timeout: 120_000 }, async ({ mode, body, end }) => {
  const pool = await newPool();
  const headers = { 'content-type': 'application/x-ndjson' };
  const begun: Import = await api.expect(202, 'POST', `/v1/imports/allocations?spaceId=${pool.spaceId}&mode=${mode}`, { body, headers });
  let linesDone = 0;
  const look = async (): Promise<Import> => {
    const [now] = await database.query<Import>('select id, state, lines_done::int as "linesDone" from imports where id = $1', [begun.id]);
    linesDone = now?.linesDone ?? 0;
    return now as Import;
  };
  const ended = async (): Promise<void> => {
    while (['waiting', 'running'].includes((await look()).state)) await sleep(5);
  };
  const wholeChunksAtMost = async (): Promise<void> => {
    // A death may come a moment too late.
    if (mode === 'atomic') expect([0, end.created]).toContain(await made(pool));
    else expect((await made(pool)) % 1_000).toBe(0);
    expect(await controller.fsck()).toMatchObject({ status: 0 });
  };
  const points = deaths(random, count, [[0.1, 0.6]]);
  await throughCrashes({ controller, points, answers: () => linesDone, whileDead: wholeChunksAtMost }, ended);
  expect(await api.expect(200, 'GET', `/v1/imports/${begun.id}`)).toMatchObject({ ...end, linesDone: count + end.refused });
  expect(await made(pool)).toBe(end.created);
  expect(await database.query('select from import_chunks where import_id = $1', [begun.id])).toEqual([]);
  expect(await controller.fsck()).toMatchObject({ status: 0 });
});

test('an upload that breaks off with the controller leaves nothing, and is forgotten', { timeout: 60_000 }, async () => {
  const pool = await newPool();
  const upload = request(`${controller.url}/v1/imports/allocations?spaceId=${pool.spaceId}&mode=atomic`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/x-ndjson' },
  });
  const broken = new Promise((resolve) => upload.on('error', resolve));
  upload.write(fileOf());
  const received = (): Promise<{ state: string; lines_read: string }[]> => database.query('select state, lines_read from imports where space_id = $1', [pool.spaceId]);
  await eventually(async () => expect(Number((await received())[0]?.lines_read ?? 0)).toBeGreaterThan(0));
  await controller.kill();
  await broken;
  await controller.restart();
  expect(await received()).toMatchObject([{ state: 'receiving' }]);
  // As if an hour had passed without another line.
  await database.query(`update imports set touched_at = touched_at - interval '61 minutes' where space_id = $1`, [pool.spaceId]);
  await database.query(`select graphile_worker.add_job('sweep')`);
  await eventually(async () => expect(await received()).toEqual([]), 30_000);
  expect(await made(pool)).toBe(0);
  expect(await controller.fsck()).toMatchObject({ status: 0 });
});
