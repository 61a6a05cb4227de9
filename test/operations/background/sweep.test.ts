/** What the sweep finds to do where a job is missing: here all of them are. */
import { expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { allocatePrefix } from '../../../src/operations/allocations/allocate-prefix.js';
import { releaseAllocation } from '../../../src/operations/allocations/release-allocation.js';
import { sweep } from '../../../src/operations/background/sweep.js';
import { createDevice } from '../../../src/operations/devices/create-device.js';
import { Hall } from '../../../src/operations/hall.js';
import { createPool } from '../../../src/operations/pools/create-pool.js';
import { createSpace } from '../../../src/operations/spaces/create-space.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase } from '../../support/database.js';

test('a stale device and a quarantine that is over get their jobs back; one that is not over needs none', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const source = await createDataSource(database.url, 2).initialize();
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
  const space = await hall.act('createSpace', createSpace, { name: 's' });
  const device = await hall.act('createDevice', createDevice, { name: 'd', kind: 'bng', adapter: 'in-memory', spaceId: space.id });
  const pools = [];
  for (const at of [0, 1]) {
    const pool = await hall.act('createPool', createPool, { spaceId: space.id, name: `p${at}`, prefixes: [`45.96.${at}.0/24`], policy: { quarantineSeconds: 600 } });
    const { id } = await hall.act('allocatePrefix', allocatePrefix, { poolId: pool.id, prefixLength: 28, holder: 'h', service: 's' });
    await hall.act('releaseAllocation', releaseAllocation, { allocationId: id });
    pools.push(pool.id);
  }
  await database.query(`update allocations set quarantined_until = now() - interval '2 minutes' where pool_id = $1`, [pools[0]]);
  const jobs = async (): Promise<string[]> => (await database.query<{ key: string }>('select key from graphile_worker.jobs order by key')).map(({ key }) => key);
  expect(await jobs()).toEqual([`deliver:${device.id}`, ...pools.map((id) => `return-space:${id}`)]);
  await database.query('delete from graphile_worker._private_jobs');
  await hall.act('sweep', sweep, undefined);
  expect(await jobs()).toEqual([`deliver:${device.id}`, `return-space:${pools[0]}`]);
  await source.destroy();
  await database.drop();
});
