import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { components } from '../../src/contract/northbound.generated.js';
import { plannedAllocations, plannedDevices, plannedPools } from '../../src/lab/start/plan.js';
import { freePort, processesOn, StartProgram } from './start/start-program.js';

type Schemas = components['schemas'];

let folder: string;
let port: number;
const started: StartProgram[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-start-'));
  port = await freePort();
});

afterEach(async () => {
  for (const program of started.splice(0)) {
    try {
      process.kill(program.pid, 'SIGTERM');
    } catch {
      // it has ended
    }
    await program.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

function start(environment: Record<string, string> = {}): StartProgram {
  const program = new StartProgram({ CASM_DATA_DIR: folder, CASM_PORT: String(port), ...environment });
  started.push(program);
  return program;
}

async function get<T>(program: StartProgram, path: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${program.told('Admin token')}` } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** What must be the same after a restart: everything but what moves by itself. */
async function everything(program: StartProgram): Promise<unknown> {
  const [spaces, pools, allocations, devices, tokens] = await Promise.all([
    get<Schemas['SpaceList']>(program, '/v1/spaces'),
    get<Schemas['PoolList']>(program, '/v1/pools?limit=1000'),
    get<Schemas['AllocationList']>(program, '/v1/allocations?limit=1000'),
    get<Schemas['DeviceList']>(program, '/v1/devices?limit=1000'),
    get<Schemas['TokenList']>(program, '/v1/tokens?limit=1000'),
  ]);
  return {
    spaces,
    pools,
    allocations: allocations.items.map(({ id, prefix, state, certification }) => ({ id, prefix, state, certification })),
    devices: devices.items.map((device) => ({ ...device, lastSeenAt: null })),
    tokens,
  };
}

async function settled(program: StartProgram): Promise<void> {
  const unsettled = async () => {
    const { items } = await get<Schemas['AllocationList']>(program, '/v1/allocations?limit=1000');
    return items.filter(({ state }) => state !== 'active').map(({ prefix, state, waitingFor }) => `${prefix} ${state} ${waitingFor.join()}`);
  };
  await expect.poll(unsettled, { timeout: 60_000, interval: 250 }).toEqual([]);
}

describe('npm start', { timeout: 180_000 }, () => {
  it('brings all up, finds all again, survives a kill, and leaves nothing', async () => {
    const first = await start().ready();
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(first.errors).toBe('');
    await settled(first);
    const before = await everything(first);
    const counts = { pools: plannedPools.length, allocations: plannedAllocations.length, devices: plannedDevices.length + 1 };
    const { items: pools } = await get<Schemas['PoolList']>(first, '/v1/pools?limit=1000');
    const { items: allocations } = await get<Schemas['AllocationList']>(first, '/v1/allocations?limit=1000');
    const { items: devices } = await get<Schemas['DeviceList']>(first, '/v1/devices?limit=1000');
    expect({ pools: pools.length, allocations: allocations.length, devices: devices.length }).toEqual(counts);

    for (const device of devices.filter(({ kind }) => kind === 'bng')) {
      const url = new RegExp(`${device.name} .*(http://\\S+)`).exec(first.out)?.[1] ?? '';
      const held = (await (await fetch(url)).json()) as { device: string; ranges: { prefix: string }[] };
      const meant = allocations.filter(({ deviceId }) => deviceId === device.id).map(({ prefix }) => prefix);
      expect(held.device).toBe(device.id);
      expect(held.ranges.map(({ prefix }) => prefix).sort()).toEqual(meant.sort());
      expect(meant.length).toBeGreaterThan(0);
    }
    expect(allocations.filter(({ certify }) => certify).map(({ certification }) => certification)).toEqual(['issued', 'issued', 'issued', 'issued']);

    const stopped = await first.stop();
    expect(stopped.outcome).toBe(0);
    expect(stopped.milliseconds).toBeLessThan(10_000);
    expect(await processesOn(folder)).toEqual([]);

    const second = await start().ready();
    expect(second.told('Admin token')).toBe(first.told('Admin token'));
    expect(second.out.slice(second.out.indexOf('The CASM'))).toBe(first.out.slice(first.out.indexOf('The CASM')));
    expect(await everything(second)).toEqual(before);
    process.kill(second.pid, 'SIGKILL');
    await second.ended;

    const third = await start().ready();
    expect(await everything(third)).toEqual(before);
    const ended = await third.stop('SIGINT', 'group');
    expect(ended.outcome).toBe(0);
    expect(ended.milliseconds).toBeLessThan(10_000);
    expect(await processesOn(folder)).toEqual([]);
  });

  it('prints a first command that works as it stands, with the token that was given', async () => {
    const program = await start({ CASM_ADMIN_TOKEN: 'a-token-of-my-own' }).ready();
    expect(program.told('Admin token')).toBe('a-token-of-my-own');
    const command = program.told('Request a prefix:\\n');
    expect(command).toMatch(/^curl /);
    const { stdout } = await promisify(execFile)('sh', ['-c', command]);
    expect(JSON.parse(stdout)).toMatchObject({ prefix: expect.stringMatching(/\/26$/) as string, holder: 'my-first-customer', state: 'active' });
    await expect(readFile(join(folder, 'admin-token'))).rejects.toThrow('ENOENT');
  });

  it('starts without the lab when told so, restarts a controller that died, and stops in the middle of a start', async () => {
    const program = await start({ CASM_LAB: 'off' }).ready();
    expect(program.out).not.toContain('bng-');
    expect(await get<Schemas['SpaceList']>(program, '/v1/spaces')).toEqual({ items: [], nextCursor: null });
    process.kill(Number.parseInt(await readFile(join(folder, 'controller.pid'), 'utf8'), 10), 'SIGKILL');
    await expect.poll(() => program.errors).toMatch(/^casm: the controller ended by itself \(signal SIGKILL; .*\): it is started again in 0.5 s\n$/);
    await expect.poll(() => fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status, () => 0), { timeout: 20_000 }).toBe(200);
    expect((await program.stop()).outcome).toBe(0);

    const hasty = start();
    await expect.poll(() => hasty.out).toContain('starting');
    const { outcome, milliseconds } = await hasty.stop('SIGTERM', 'group');
    expect(outcome).toBe(0);
    expect(milliseconds).toBeLessThan(10_000);
    expect(await processesOn(folder)).toEqual([]);
  });

  it('says in one line what is in the way, and touches nothing', async () => {
    const fails = async (environment: Record<string, string>, line: RegExp) => {
      const program = start(environment);
      expect(await program.ended).toBe(1);
      expect(program.errors).toMatch(line);
      expect(program.errors.trim().split('\n')).toHaveLength(1);
    };
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    await fails({}, new RegExp(`^casm: port ${port} on 127.0.0.1 is in use`));
    squatter.close();
    await fails({ CASM_PORT: 'x' }, /^casm: CASM_PORT must be/);
    await fails({ CASM_DATA_DIR: '/proc/no-such-place' }, /^casm: cannot write to the folder \/proc\/no-such-place/);
    await mkdir(join(folder, 'postgres'));
    await writeFile(join(folder, 'postgres-password'), 'x\n');
    await fails({}, /^casm: the database folder .* is damaged/);
    await rm(join(folder, 'postgres'), { recursive: true });

    const first = await start({ CASM_LAB: 'off' }).ready();
    await fails({ CASM_PORT: String(await freePort()) }, new RegExp(`^casm: the folder ${folder} is in use by process ${first.pid}`));
  });
});
