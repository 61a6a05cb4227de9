/** Two controllers apply one import, since one of them was taken for dead: it is applied once, and counted once. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ExchangeLine } from '../../../src/model/exchange.js';
import type { ImportMode } from '../../../src/model/import.js';
import { Hall } from '../../../src/operations/hall.js';
import { applyImport } from '../../../src/operations/imports/apply-import.js';
import { getImport, listRefusals } from '../../../src/operations/imports/get-import.js';
import { receiveImport } from '../../../src/operations/imports/receive-import.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let source: DataSource;
let hall: Hall;
beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  source = await createDataSource(database.url, 8).initialize();
  hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
});
afterAll(async () => {
  await source.destroy();
  await database.drop();
});

const count = 2_400;

/** Three chunks of allocations, each a /30 of 45.96.0.0/16. */
async function* lines(): AsyncGenerator<ExchangeLine> {
  for (let at = 0; at < count; at += 1) {
    const record = { pool: '/p', prefix: `45.96.${at >> 6}.${(at & 63) << 2}/30`, holder: 'h', service: 's' };
    yield { line: at + 1, text: JSON.stringify(record), record } as unknown as ExchangeLine;
  }
}

const cases: [ImportMode, boolean][] = [['bestEffort', false], ['atomic', false], ['atomic', true]];

test.each(cases)('%s, dry run %s', async (mode, dryRun) => {
  const space = await hall.act('createSpace', createSpace, { name: uuidv7() });
  await hall.act('createPool', createPool, { spaceId: space.id, name: 'p', prefixes: ['45.96.0.0/16'] });
  const call = { operation: 'importAllocations', actor: { tokenId: null, name: 'test', role: 'admin' }, requestId: 'test' };
  const { result: { id } } = await receiveImport(hall, call, { kind: 'allocations', spaceId: space.id, mode, dryRun }, { lines: lines(), hash: () => Buffer.alloc(0) });
  const { signal } = new AbortController();
  await Promise.all([applyImport(hall, id, signal), applyImport(hall, id, signal)]);
  expect(await hall.read(getImport, { importId: id })).toMatchObject({ state: 'done', linesRead: count, created: count, refused: 0 });
  expect((await hall.read(listRefusals, { importId: id, limit: 10 })).items).toEqual([]);
  const [made] = await database.query<{ count: string }>('select count(*) from allocations where space_id = $1', [space.id]);
  expect(made?.count).toBe(dryRun ? '0' : String(count));
  const [told] = await database.query<{ count: string }>(`select count(*) from audit where resource_id = $1 and after ->> 'state' = 'done'`, [id]);
  expect(told?.count).toBe('1');
});
