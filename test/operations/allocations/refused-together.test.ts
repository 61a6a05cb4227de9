/** Refusals in one turn: what is free instead is counted once for all of them, since each count reads all free blocks of the pool. */
import pg from 'pg';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { CasmError } from '../../../src/model/errors.js';
import { allocateFromPool } from '../../../src/operations/allocations/allocate-from-pool.js';
import { Hall } from '../../../src/operations/hall.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase } from '../../support/database.js';

test('a hundred requests that are refused together cost as many statements as two', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const source = await createDataSource(database.url, 2).initialize();
  onTestFinished(async () => {
    await source.destroy();
    await database.drop();
  });
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
  const { id: spaceId } = await hall.act('test', createSpace, { name: 'crowded' });
  const { id: poolId } = await hall.act('test', createPool, { spaceId, name: 'crowded', prefixes: ['45.96.0.0/28'] });
  const statements = vi.spyOn(pg.Client.prototype, 'query');
  onTestFinished(() => statements.mockRestore());
  const refused = async (count: number): Promise<number> => {
    const before = statements.mock.calls.length;
    const outcomes = await hall.act('test', (work) => allocateFromPool(poolId, Array.from({ length: count }, () => ({ work, input: { poolId, prefixLength: 24, holder: 'h', service: 's' } }))), undefined);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 'pool-exhausted', details: { free: [{ family: 'ipv4', prefixLength: 28, count: '1' }] } } satisfies Partial<CasmError>);
    return statements.mock.calls.length - before;
  };
  expect(await refused(100)).toBe(await refused(2));
});
