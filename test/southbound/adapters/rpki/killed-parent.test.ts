/** The parent CA is killed while it is asked, again and again; each time it comes back with all it ever confirmed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Retry } from '../../../../src/southbound/adapter.js';
import { RpkiAdapter } from '../../../../src/southbound/adapters/rpki/rpki-adapter.js';
import { TestDevice } from './device-handle.js';
import { documentOf } from './enrolled.js';

const here = import.meta.dirname;
const hooks = join(here, '../../../lab/embedded-postgres/typescript-hooks.mjs');
let folder: string;
let running: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-rpki-killed-'));
});
afterEach(async () => {
  await kill();
  await rm(folder, { recursive: true });
});

/** @returns the URL of the parent */
async function start(port = 0): Promise<string> {
  const args = ['--experimental-transform-types', '--no-warnings', '--import', hooks, join(here, 'parent-process.ts'), folder, String(port)];
  running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(running.stdout!, 'data')) as [Buffer];
  return line.toString().trim();
}

async function kill(): Promise<void> {
  const child = running;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

it('finds a killed parent as it confirmed to be', async () => {
  const url = await start();
  const adapter = new RpkiAdapter();
  const device = new TestDevice();
  const answer = await fetch(`${url}/enrol`, { method: 'POST', body: await adapter.enrol(device.handle()) });
  device.credentials = { parentResponse: await answer.text(), siaBase: 'rsync://rpki.example.net/repo/casm/' };
  const held: string[] = [];
  for (const [round, milliseconds] of [0, 4, 8, 12, 20].entries()) {
    held.push(`10.${round}.0.0/24`);
    const applied = adapter.apply(device.handle(), documentOf(...held)).then(
      () => true,
      (error: unknown) => {
        expect(error).toBeInstanceOf(Retry);
        return false;
      },
    );
    await sleep(milliseconds);
    await kill();
    const confirmed = await applied;
    await start(Number(new URL(url).port));
    const observe = async () => (await adapter.observe(device.handle())).ranges.map((range) => range.prefix);
    if (confirmed) expect(await observe()).toEqual(held);
    await adapter.apply(device.handle(), documentOf(...held));
    expect(await observe()).toEqual(held);
  }
  expect(device.log.filter((entry) => entry.outcome === 'asked')).toEqual([]);
});
