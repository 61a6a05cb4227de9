import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from '../../../src/lab/embedded-postgres/binaries.js';
import { chooseLauncher } from '../../../src/lab/embedded-postgres/launcher.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/lab/embedded-postgres/start-embedded-postgres.js';
import { identityOf } from '../../../src/lab/folder-lock.js';

let folder: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-embedded-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, durable: false, ...options });
  running.push(server);
  return server;
}

/** Whether every folder on the way to a file lets everyone pass. */
async function openToAll(file: string): Promise<boolean> {
  for (let at = dirname(await realpath(file)); ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function serversOf(place: string): Promise<string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(place) && line.includes('postgres'));
}

describe('embedded PostgreSQL', { timeout: 30_000 }, () => {
  it('makes a UTF8, locale C database on first start, behind a password in a private file', async () => {
    const server = await start();
    const [row] = await query(server.url, `select current_setting('server_encoding') as encoding, datcollate, current_setting('timezone') as zone, version() from pg_database where datname = 'casm'`);
    expect(row).toMatchObject({ encoding: 'UTF8', datcollate: 'C', zone: 'UTC' });
    expect((await stat(join(folder, 'postgres-password'))).mode & 0o777).toBe(0o600);
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password authentication failed/);
    await query(server.url, 'create database another');
    await query(server.url, 'create extension btree_gist');
  });

  it('keeps what was written over a stop and a start, and leaves no process', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(identityOf(first.pid)).toBeUndefined();
    expect(existsSync(join(folder, 'postgres.lock'))).toBe(false);
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('stops at once although a client is connected', async () => {
    const server = await start();
    const client = new pg.Client({ connectionString: server.url });
    const cut = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const began = Date.now();
    await server.stop();
    await cut;
    expect(Date.now() - began).toBeLessThan(4000);
  });

  it('recovers acknowledged rows after the server itself was killed', async () => {
    const first = await start({ durable: true });
    await query(first.url, 'create table kept as select 42 as answer');
    process.kill(first.pid, 'SIGKILL');
    await first.ended;
    const second = await start({ durable: true });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes over from a server that was left behind', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const { postgres } = await findBinaries();
    const launcher = await chooseLauncher(postgres);
    const orphan = launcher.spawn(postgres, ['-D', join(folder, 'postgres'), '-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`], { detached: true, stdio: 'ignore' });
    const gone = new Promise((resolve) => orphan.once('exit', resolve));
    await expect.poll(() => readFile(join(folder, 'postgres/postmaster.pid'), 'utf8').catch(() => ''), { timeout: 5000 }).toContain('ready');
    const second = await start();
    await gone;
    expect(second.pid).not.toBe(orphan.pid);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('leaves a stranger alone whose process id a stale pid file names', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60']);
    try {
      await writeFile(join(folder, 'postgres/postmaster.pid'), `${stranger.pid}\n${join(folder, 'postgres')}\n`);
      await start();
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill();
    }
  });

  it('starts afresh over a first start that was killed half-way', async () => {
    await mkdir(join(folder, 'postgres.unfinished-XY/data'), { recursive: true });
    await writeFile(join(folder, 'postgres.unfinished-XY/data/PG_VERSION'), '18\n');
    await writeFile(join(folder, 'postgres.lock'), '999999999 1 no-such-boot');
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(folder, 'postgres.unfinished-XY'))).toBe(false);
  });

  it('is whole again after its starter was killed, at any moment of the first start or later', async () => {
    const here = import.meta.dirname;
    for (const moment of [100, 400, 700, 'ready'] as const) {
      const starter = spawn(process.execPath, ['--import', join(here, 'typescript-hooks.mjs'), join(here, 'starter.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = new Promise((resolve) => starter.once('exit', resolve));
      if (moment === 'ready') await new Promise((resolve) => starter.stdout.once('data', resolve));
      else await sleep(moment);
      starter.kill('SIGKILL');
      await gone;
    }
    const server = await start();
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(await serversOf(folder)).toEqual([]);
  });

  it('runs as the user nobody where there are no user namespaces, or says that it cannot', { skip: process.getuid?.() !== 0 }, async () => {
    await chmod(folder, 0o755);
    // Below a private folder, as a checkout may well be, nobody cannot reach the programs.
    if (!(await openToAll((await findBinaries()).postgres))) {
      await expect(start({ runAs: 'nobody' })).rejects.toThrow(/^the embedded PostgreSQL cannot run .* the user nobody cannot reach its files: run as an ordinary user/);
      return;
    }
    const server = await start({ runAs: 'nobody' });
    expect((await stat(`/proc/${server.pid}`)).uid).toBe(65534);
    await query(server.url, 'create table kept as select 42 as answer');
    await server.stop();
    const again = await start();
    expect(await query(again.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('says in one line that the folder is in use', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(new RegExp(`^the folder ${folder} is in use by process ${process.pid}; .*$`));
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says in one line what is wrong with a folder', async () => {
    await expect(start({ folder: '/proc/no-such-place' })).rejects.toThrow(/^cannot write to the folder \/proc\/no-such-place \(\w+\)$/);

    await writeFile(join(folder, 'a-file'), '');
    await expect(start({ folder: join(folder, 'a-file') })).rejects.toThrow(/^cannot write to the folder .*a-file \(\w+\)$/);

    await mkdir(join(folder, 'postgres'));
    await expect(start()).rejects.toThrow(/has lost its password file/);
    await writeFile(join(folder, 'postgres-password'), 'x\n');
    await expect(start()).rejects.toThrow(/is damaged \(no PG_VERSION\)/);
    await writeFile(join(folder, 'postgres/PG_VERSION'), '15\n');
    await expect(start()).rejects.toThrow(/was made by PostgreSQL 15, this is 18/);
  });

  it('gives the reason of PostgreSQL when the data is damaged', async () => {
    await (await start()).stop();
    await rm(join(folder, 'postgres/global/pg_control'));
    await expect(start()).rejects.toThrow(/^PostgreSQL does not start on .*\/postgres: .*pg_control.*$/);
    expect(existsSync(join(folder, 'postgres.lock'))).toBe(false);
  });
});
