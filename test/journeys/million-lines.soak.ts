/**
 * A million allocations in one file: read as it comes, applied in the background with progress to see, exported again, line by
 * line the same. Tells how long each took, and the most memory that the controller had.
 */
import { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Api } from '../support/api.js';
import { adminToken } from '../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BuiltController } from './built-controller.js';
import { watchMemory } from './memory.js';
import { stages } from './stages.js';

const lines = Number(process.env['CASM_IMPORT_LINES'] || 1_000_000);
const stage = stages('file');
const type = 'application/x-ndjson';

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

/** The nth address of 45.0.0.0/8. */
const prefixOf = (n: number): string => `45.${n >> 16}.${(n >> 8) & 255}.${n & 255}/32`;

function* file(): Generator<string> {
  for (let n = 0; n < lines; n += 1) yield `${JSON.stringify({ pool: '/root', prefix: prefixOf(n), state: 'active', holder: `customer-${n % 997}`, service: 'internet' })}\n`;
}

test(`${lines} lines, brought in and told again`, { timeout: 3_600_000 }, async () => {
  const api = new Api(controller.url, adminToken);
  const memory = watchMemory(api);
  const headers = { authorization: `Bearer ${adminToken}` };
  try {
    const { id: spaceId } = await api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
    await api.expect(201, 'POST', '/v1/pools', { body: { spaceId, name: 'root', prefixes: ['45.0.0.0/8'] } });
    const { id } = await stage('received', async () => {
      const body = Readable.toWeb(Readable.from(file())) as ReadableStream;
      const answer = await fetch(`${controller.url}/v1/imports/allocations?spaceId=${spaceId}`, { method: 'POST', headers: { ...headers, 'content-type': type }, body, duplex: 'half' } as RequestInit);
      expect(answer.status).toBe(202);
      return (await answer.json()) as { id: string };
    });
    const seen: number[] = [];
    const ended = await stage('applied', async () => {
      for (;;) {
        const found = await api.expect(200, 'GET', `/v1/imports/${id}`);
        if (found.state === 'done' || found.state === 'failed') return found;
        seen.push(found.linesDone);
        await sleep(1_000);
      }
    });
    expect(ended).toMatchObject({ state: 'done', linesRead: lines, linesDone: lines, created: lines, refused: 0 });
    // Its progress can be watched, and never goes back.
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(Math.min(5, lines / 20_000));
    expect(await controller.fsck()).toMatchObject({ status: 0, said: expect.stringMatching(/^clean: /) });
    const told = await stage('exported', async () => {
      const answer = await fetch(`${controller.url}/v1/exports/allocations?spaceId=${spaceId}&format=json`, { headers });
      let count = 0;
      for await (const line of createInterface({ input: Readable.fromWeb(answer.body as never) })) {
        const { prefix, holder } = JSON.parse(line) as { prefix: string; holder: string };
        if (prefix !== prefixOf(count) || holder !== `customer-${count % 997}`) throw new Error(`line ${count + 1} is ${line}`);
        count += 1;
      }
      return count;
    });
    expect(told).toBe(lines);
  } finally {
    console.log(`file: the controller had ${Math.round((await memory.stop()) / 2 ** 20)} MiB at most`);
  }
});
