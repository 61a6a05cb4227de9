/** The floor of what is supported: the migrations, and a life on them, on PostgreSQL 15 where it is installed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addFree, giveBack, takeByLength } from '../../src/allocator/free-space.js';
import { chooseLauncher } from '../../src/lab/embedded-postgres/launcher.js';
import { startServer, type Server } from '../../src/lab/embedded-postgres/server.js';
import { createDataSource, migrate } from '../../src/storage/database.js';
import { findings } from '../../src/storage/integrity.js';
import { rows } from '../../src/storage/sql.js';
import { insertPoolPrefixes } from '../../src/storage/pool-prefixes.js';
import { insertPool, lockPool } from '../../src/storage/pools.js';
import { insertSpace } from '../../src/storage/spaces.js';
import { Transactions } from '../../src/storage/transactions.js';
import { defaultPolicy } from '../../src/model/pool.js';
import { refusalOf } from './raw-plan.js';

const binaries = '/usr/lib/postgresql/15/bin';
const installed = existsSync(`${binaries}/postgres`);
const spaceId = '0192f5f0-0000-7000-8000-000000000001';
const poolId = '0192f5f0-0000-7000-8000-000000000002';

describe.skipIf(!installed)(`PostgreSQL 15${installed ? '' : ` (skipped: there is none in ${binaries})`}`, () => {
  let folder: string;
  let server: Server;
  let source: DataSource;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'casm-postgres-15-'));
    const dataFolder = join(folder, 'data');
    await mkdir(dataFolder, { mode: 0o700 });
    await chmod(folder, 0o755);
    const launcher = await chooseLauncher(`${binaries}/postgres`);
    await launcher.own(dataFolder);
    const initdb = launcher.spawn(`${binaries}/initdb`, ['-D', dataFolder, '--username', 'casm', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'], { cwd: '/', mortal: true });
    initdb.stdout?.resume();
    initdb.stderr?.resume();
    expect(await new Promise((resolve) => initdb.once('close', resolve))).toBe(0);
    server = await startServer(launcher, { postgres: `${binaries}/postgres`, dataFolder, durable: false, maxConnections: 20, onLine: () => undefined });
    url = `postgres://casm@127.0.0.1:${server.port}/postgres`;
    source = await createDataSource(url, 4).initialize();
  }, 60_000);

  afterAll(async () => {
    await source?.destroy();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('is what it says', async () => {
    const { stdout } = await promisify(execFile)(`${binaries}/postgres`, ['--version']);
    expect(stdout).toMatch(/ 15\./);
    expect(await source.query('show server_version_num')).toEqual([{ server_version_num: expect.stringMatching(/^15/) as string }]);
  });

  test('takes every migration, once', async () => {
    expect((await migrate(source, url)).length).toBeGreaterThanOrEqual(4);
    expect(await migrate(source, url)).toEqual([]);
  });

  test('allocates, refuses an overlap and tiles', async () => {
    const transactions = new Transactions(source);
    await transactions.write(async (tx) => {
      await insertSpace(tx, { id: spaceId, name: 'internet', description: '', labels: {} });
      await insertPool(tx, { id: poolId, spaceId, parentId: null, name: 'root', policy: defaultPolicy, labels: {} });
      await insertPoolPrefixes(tx, { id: poolId, spaceId, parentId: null }, [{ prefix: '45.96.0.0/16', parentPrefix: null }]);
      await addFree(tx, poolId, ['45.96.0.0/16']);
    });
    const taken = await transactions.write(async (tx) => {
      await lockPool(tx, poolId);
      return (await takeByLength(tx, poolId, [{ family: 'ipv4', length: 24 }, { family: 'ipv4', length: 26 }])).filter((one) => one !== undefined);
    });
    expect(taken.map((one) => one.prefix)).toEqual(['45.96.0.0/24', '45.96.1.0/26']);
    const allocate = (prefix: string): Promise<unknown> =>
      source.query(
        `insert into allocations (id, space_id, pool_id, pool_prefix, prefix, state, holder, service, request) values (gen_random_uuid(), $1, $2, '45.96.0.0/16', $3, 'active', 'h', 's', '{}')`,
        [spaceId, poolId, prefix],
      );
    for (const one of taken) await allocate(one.prefix);
    expect((await refusalOf(allocate('45.96.0.128/25'))).constraint).toBe('allocations_no_overlap_1');
    // The names that errors are told apart by are the same here.
    expect((await refusalOf(source.query('delete from pool_prefixes'))).constraint).toBe('allocations_pool_prefix');
    expect(await transactions.snapshot((tx) => findings(tx, 10))).toEqual([]);
    await transactions.write(async (tx) => {
      await rows(tx, 'delete from allocations');
      await giveBack(tx, poolId, taken);
    });
    expect(await source.query('select prefix::text from free_blocks')).toEqual([{ prefix: '45.96.0.0/16' }]);
  });
});
