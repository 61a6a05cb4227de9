/** A PostgreSQL that ends a connection in the very moment it is made, as one does that is told to stop: through a wire that says so. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createDataSource } from '../../src/storage/database.js';
import { rows, type Tx } from '../../src/storage/sql.js';
import { Transactions } from '../../src/storage/transactions.js';

/** ReadyForQuery, with which a connection begins. */
const ready = Buffer.from('5a0000000549', 'hex');
const fields = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
const farewell = Buffer.concat([Buffer.from([0x45, 0, 0, 0, fields.length + 4]), Buffer.from(fields)]);

test('is told to whoever asked for it, and ends nothing else', async () => {
  const url = new URL(inject('postgresUrl'));
  const port = Number(url.port);
  let stopping = false;
  const wire = createServer((client) => {
    const server = connect(port, url.hostname);
    client.pipe(server).on('error', () => undefined);
    client.on('error', () => undefined);
    server.on('data', (data) => (stopping && data.subarray(-ready.length).equals(ready) ? client.end(Buffer.concat([data, farewell])) : client.write(data)));
    server.on('close', () => client.end());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => wire.once('listening', resolve));
  onTestFinished(() => void wire.close());
  url.port = String((wire.address() as AddressInfo).port);
  const source = await createDataSource(url.href, 2).initialize();
  onTestFinished(() => source.destroy());
  const transactions = new Transactions(source);
  const one = (tx: Tx): Promise<unknown[]> => rows(tx, 'select 1 as one');
  await transactions.write(async (tx) => {
    await one(tx);
    stopping = true;
    // The only other connection has to be made.
    await expect(transactions.write(one)).rejects.toThrow(/Connection terminated|not queryable/);
    stopping = false;
    await one(tx);
  });
  expect(await transactions.write(one)).toEqual([{ one: 1 }]);
});
