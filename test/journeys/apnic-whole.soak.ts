/**
 * The whole registry of a region: imported, a hundred thousand allocations made in it, all of them released in random order;
 * then the tree is as it was. Tells how long each took, and the most memory that the controller had.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Api } from '../support/api.js';
import { adminToken } from '../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { allocationItems, batchSize, releaseItems, roomyPools, runBatch, shuffled } from './apnic-batches.js';
import { BuiltController } from './built-controller.js';
import { inParallel } from './clients.js';
import { crashSeed, seeded } from './crashes.js';
import { treeLines } from './database-facts.js';
import { expectSame } from './held.js';
import { watchMemory } from './memory.js';
import { stages } from './stages.js';

const file = resolve(process.env['CASM_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'), 'data/delegated-apnic-2014.txt');
const count = Number(process.env['CASM_APNIC_ALLOCATIONS'] || 100_000);
const seed = crashSeed();
const clients = 4;
const stage = stages(`APNIC (CASM_CRASH_SEED=${seed})`);

let database: TestDatabase;
let controller: BuiltController;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  controller = await BuiltController.start(database.url);
});
afterAll(async () => {
  await controller?.stop();
  await database?.drop();
});

test.skipIf(!existsSync(file))(`the whole file, ${count} allocations, all released in random order`, { timeout: 3_600_000 }, async () => {
  const api = new Api(controller.url, adminToken);
  const memory = watchMemory(api);
  try {
    const { id: spaceId } = await api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
    const { summary } = await stage('imported', () => api.expect(201, 'POST', `/v1/imports?spaceId=${spaceId}`, { body: readFileSync(file, 'utf8') }));
    console.log(`APNIC: ${JSON.stringify(summary)}`);
    await expectClean();
    const before = await treeLines(database);
    const pools = roomyPools((await api.expect(200, 'GET', `/v1/pools?spaceId=${spaceId}&limit=1000`)).items);
    expect(pools.length).toBeGreaterThan(5);

    const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, at) => at);
    const made = await stage(`${count} allocations in ${pools.length} pools`, () => inParallel(clients, batches, (at) => runBatch(api, allocationItems(pools[at % pools.length] ?? { id: '', ipv6: false }, at))));
    const allocations = made.flat();
    expect(await overlapping(database)).toEqual([]);
    await stage('proved clean', expectClean);

    const order = shuffled(allocations.map(({ id }) => id), seeded(seed));
    const released = await stage('all released in random order', () => inParallel(clients, batches, (at) => runBatch(api, releaseItems(order.slice(at * batchSize, (at + 1) * batchSize)))));
    expect(released.flat().every(({ state }) => state === 'free')).toBe(true);
    expectSame(await treeLines(database), before);
    await stage('proved clean', expectClean);
  } finally {
    console.log(`APNIC: the controller had ${Math.round((await memory.stop()) / 2 ** 20)} MiB at most`);
  }
});

async function expectClean(): Promise<void> {
  expect(await controller.fsck()).toMatchObject({ status: 0, said: expect.stringMatching(/^clean: /) });
}

/** In address order a prefix stands right before the first that lies in it. */
async function overlapping(database: TestDatabase): Promise<object[]> {
  return database.query(
    `select * from (select space_id, prefix::text, lag(prefix) over (partition by space_id order by prefix) as before, prefix as own from allocations) a where before && own limit 20`,
  );
}
