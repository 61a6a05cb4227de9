import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityOf } from '../../../src/lab/folder-lock.js';
import { Controller } from '../../../src/lab/start/controller.js';
import { ControllerProcess, endLeftBehind } from '../../../src/lab/start/controller-process.js';

const program = join(import.meta.dirname, 'stand-in-controller.mjs');
let folder: string;
let pidFile: string;
let port: number;
let said: string[];
const running: Controller[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-start-'));
  pidFile = join(folder, 'controller.pid');
  said = [];
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  port = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
});

afterEach(async () => {
  for (const controller of running.splice(0)) await controller.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = (behaviour = '') => ({ CASM_PORT: String(port), BEHAVIOUR: behaviour });

async function start(behaviour = '', signal = new AbortController().signal): Promise<Controller> {
  const controller = await Controller.start({ program, environment: environment(behaviour), url: `http://127.0.0.1:${port}`, pidFile, log: () => undefined, say: (line) => said.push(line), signal, pauses: [30, 60] });
  running.push(controller);
  return controller;
}

const servingPid = () =>
  fetch(`http://127.0.0.1:${port}/`).then(
    async (answer) => Number(await answer.text()),
    () => undefined,
  );

describe('the controller under the lab', { timeout: 30_000 }, () => {
  it('is there when it says it is ready, and gone after the stop', async () => {
    const controller = await start();
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    const { pid } = controller;
    expect(await readFile(pidFile, 'utf8')).toBe(identityOf(pid ?? 0));
    await controller.stop();
    expect(identityOf(pid ?? 0)).toBeUndefined();
    expect(existsSync(pidFile)).toBe(false);
    expect(said).toEqual([]);
  });

  it('is started again when it ends by itself, and said so in a line', async () => {
    const controller = await start();
    const first = controller.pid;
    await fetch(`http://127.0.0.1:${port}/die`).catch(() => undefined);
    await expect.poll(servingPid, { timeout: 5000 }).toSatisfy((pid: number | undefined) => pid !== undefined && pid !== first);
    expect(said).toEqual(['the controller ended by itself (exit status 3; listening): it is started again in 0.03 s']);
    process.kill(controller.pid ?? 0, 'SIGKILL');
    await expect.poll(() => said.length).toBe(2);
    expect(said[1]).toContain('signal SIGKILL');
    await expect.poll(servingPid, { timeout: 5000 }).toSatisfy((pid) => pid === controller.pid);
  });

  it('tells its last words when it does not start', async () => {
    await expect(start('refuses')).rejects.toThrow('the controller does not start (exit status 1): CASM_SECRET_KEY must be 32 random bytes in base64');
  });

  it('is not waited for once the end is asked', async () => {
    const asked = AbortSignal.timeout(50);
    await expect(start('', asked)).rejects.toThrow();
    expect(await servingPid()).toBeUndefined();
    expect(existsSync(pidFile)).toBe(false);
  });

  it('is ended by the next start when this one was killed and it did not hear of it', async () => {
    const left = new ControllerProcess(program, environment('deaf'), () => undefined);
    await left.remember(pidFile);
    await expect.poll(servingPid).toBe(left.pid);
    process.kill(left.pid ?? 0, 'SIGSTOP');
    const ended = endLeftBehind(pidFile, 300);
    process.kill(left.pid ?? 0, 'SIGCONT');
    await ended;
    expect(await left.ended).toBe('signal SIGKILL');
    expect(await servingPid()).toBeUndefined();
    await endLeftBehind(pidFile, 300);
  });
});
