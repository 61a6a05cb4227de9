/** A shared turn whose commit is kept while the answer to it is lost: nobody was told, and nobody is served twice. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { PoolTurns } from '../../../src/operations/allocations/pool-turns.js';
import { Hall } from '../../../src/operations/hall.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase } from '../../support/database.js';

/** A line to the database that breaks instead of carrying the answer to the commit it is told of, counted from then. */
async function fragileLine(databaseUrl: string): Promise<{ url: string; breakAt(commit: number): void }> {
  const target = new URL(databaseUrl);
  let left = 0;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.pipe(far);
    far.on('data', (answer) => {
      if (answer.includes('COMMIT\0') && (left -= 1) === 0) near.destroy();
      else near.write(answer);
    });
    for (const [socket, other] of [[near, far], [far, near]] as const) socket.on('error', () => undefined).on('close', () => other.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: url.href, breakAt: (commit) => (left = commit) };
}

test('requests that share a turn are refused when its answer is lost, and not done again', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const line = await fragileLine(database.url);
  const source = await createDataSource(line.url, 2).initialize();
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
  const space = await hall.act('createSpace', createSpace, { name: 's' });
  const pool = await hall.act('createPool', createPool, { spaceId: space.id, name: 'p', prefixes: ['45.96.0.0/24'] });
  const turns = new PoolTurns(hall);
  const call = { operation: 'allocatePrefix', actor: { tokenId: null, name: 'test', role: 'admin' }, requestId: 'test' };
  // The first commit is of the request that comes alone, the second of those that wait behind it.
  line.breakAt(2);
  const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => turns.allocate(call, { poolId: pool.id, prefixLength: 28, holder: 'h', service: 's' })));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  expect(await database.query('select from allocations')).toHaveLength(4);
  // The line holds from here on: who asks again is served.
  await turns.allocate(call, { poolId: pool.id, prefixLength: 28, holder: 'h', service: 's' });
  await source.destroy();
  await database.drop();
});
