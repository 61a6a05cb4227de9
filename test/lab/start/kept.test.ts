import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJsonServer } from '../../../src/lab/json-server.js';
import { keptSecret } from '../../../src/lab/start/kept-secret.js';
import { LabMemory } from '../../../src/lab/start/lab-memory.js';
import { openLog } from '../../../src/lab/start/log-file.js';
import { checkPort } from '../../../src/lab/start/port.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-kept-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a kept secret', () => {
  it('is made once, for its owner alone', async () => {
    const file = join(folder, 'token');
    let made = 0;
    const make = () => `secret-${(made += 1)}`;
    expect(await keptSecret(file, make, /^secret-\d$/)).toBe('secret-1');
    expect(await keptSecret(file, make, /^secret-\d$/)).toBe('secret-1');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('is never replaced when it was damaged', async () => {
    const file = join(folder, 'token');
    await writeFile(file, 'garbage');
    await expect(keptSecret(file, () => 'secret-1', /^secret-\d$/)).rejects.toThrow(`${file} does not hold what was once written to it`);
    expect(await readFile(file, 'utf8')).toBe('garbage');
  });
});

describe('the lab’s memory', () => {
  const answer = () => ({ status: 200, body: null });

  it('gives an emulator the port it had, and another one when that is taken', async () => {
    const file = join(folder, 'lab.json');
    const start = (port: number) => startJsonServer(port, answer);
    const first = await (await LabMemory.open(file)).onItsPort('bng', start);
    await first.stop();
    const second = await (await LabMemory.open(file)).onItsPort('bng', start);
    expect(second.port).toBe(first.port);
    const third = await (await LabMemory.open(file)).onItsPort('bng', start);
    expect(third.port).not.toBe(first.port);
    await second.stop();
    await third.stop();
    const fourth = await (await LabMemory.open(file)).onItsPort('bng', start);
    expect(fourth.port).toBe(third.port);
    await fourth.stop();
  });

  it('keeps secrets, tokens and that the plan was carried out', async () => {
    const file = join(folder, 'lab.json');
    const first = await LabMemory.open(file);
    const secret = await first.secret('bng');
    expect(await first.token('bng', () => Promise.resolve('a-token'))).toBe('a-token');
    await expect(first.token('other', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await first.setSeeded();
    const second = await LabMemory.open(file);
    expect(await second.secret('bng')).toBe(secret);
    expect(await second.token('bng', () => Promise.resolve('another'))).toBe('a-token');
    expect(second.seeded).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, '{');
    await expect(LabMemory.open(file)).rejects.toThrow(/^cannot read .*lab\.json/);
  });
});

describe('the port of the controller', () => {
  it('is refused in one line when it is in use or not ours', async () => {
    const other = await startJsonServer(0, () => ({ status: 200, body: null }));
    await expect(checkPort('127.0.0.1', other.port)).rejects.toThrow(`port ${other.port} on 127.0.0.1 is in use: stop what uses it, or choose another with CASM_PORT`);
    await other.stop();
    await checkPort('127.0.0.1', other.port);
    await expect(checkPort('192.0.2.1', other.port)).rejects.toThrow(/EADDRNOTAVAIL/);
  });
});

describe('a log', () => {
  it('begins anew when it is long, and keeps the one before', async () => {
    const file = join(folder, 'log/a.log');
    openLog(file)('first');
    openLog(file)('second');
    expect(await readFile(file, 'utf8')).toBe('first\nsecond\n');
    const log = openLog(file);
    for (let at = 0; at < 11; at += 1) log('x'.repeat(1024 * 1024));
    log('last');
    expect((await stat(`${file}.1`)).size).toBeGreaterThan(10 * 1024 * 1024);
    expect(await readFile(file, 'utf8')).toMatch(/last\n$/);
    expect((await stat(file)).size).toBeLessThan(2 * 1024 * 1024);
  });
});
