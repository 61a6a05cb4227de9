/** The configured admin token: one at a time, and none once none is configured. */
import { expect, inject, test } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { Hall } from '../../../src/operations/hall.js';
import { authenticate, installBootstrapToken } from '../../../src/operations/tokens/authenticate.js';
import { createDataSource } from '../../../src/storage/database.js';
import { SecretBox } from '../../../src/storage/secret-box.js';
import { Transactions } from '../../../src/storage/transactions.js';
import { secretKey } from '../../support/controller.js';
import { createTestDatabase } from '../../support/database.js';

test('it is valid while it is configured, and each change of it is audited once', async () => {
  const database = await createTestDatabase(inject('postgresUrl'));
  const source = await createDataSource(database.url, 2).initialize();
  const hall = new Hall(new Transactions(source), new SecretBox(secretKey), () => new Date(), uuidv7);
  const valid = async (): Promise<boolean[]> => (await hall.glance(authenticate, ['first', 'second'])).map((token) => token !== undefined);
  for (const [secret, expected] of [['first', [true, false]], ['first', [true, false]], ['second', [false, true]], [undefined, [false, false]], [undefined, [false, false]]] as const) {
    await hall.act('installBootstrapToken', installBootstrapToken, { secret });
    expect(await valid()).toEqual(expected);
  }
  const told = await database.query<{ ended: boolean }>(`select after is null as ended from audit order by id`);
  expect(told.map(({ ended }) => ended)).toEqual([false, false, true]);
  await source.destroy();
  await database.drop();
});
