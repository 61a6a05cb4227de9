import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLab, type Emulator } from '../../../src/lab/start/emulators.js';
import { plannedAllocations, plannedDevices, plannedPools } from '../../../src/lab/start/plan.js';
import { createIdentity } from '../../../src/rpki/bpki/identity.js';
import { writeChildRequest } from '../../../src/rpki/setup/child-request.js';
import { NorthboundDouble } from './northbound-double.js';

let childRequest: string;
let folder: string;
let north: NorthboundDouble;
let emulators: Emulator[];

beforeAll(async () => {
  childRequest = writeChildRequest('casm', (await createIdentity(new Date())).anchor);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-lab-'));
  north = new NorthboundDouble(childRequest);
  emulators = [];
  await north.start();
});

afterEach(async () => {
  await stopEmulators();
  await north.stop();
  await rm(folder, { recursive: true, force: true });
});

async function stopEmulators(): Promise<void> {
  for (const emulator of emulators.splice(0)) await emulator.stop();
}

const start = () =>
  startLab({ controllerUrl: north.url, adminToken: 'casm_admin_test', folder, log: () => undefined, signal: new AbortController().signal, onStarted: (emulator) => emulators.push(emulator) });

const counts = () => Object.fromEntries(Object.entries(north.things).map(([kind, things]) => [kind, things.length]));
const whole = { spaces: 1, pools: plannedPools.length, devices: plannedDevices.length + 1, allocations: plannedAllocations.length, tokens: 2 };

describe('the lab', { timeout: 60_000 }, () => {
  it('carries out the plan, each request as the contract wants it, and starts every emulator', async () => {
    await start();
    expect(counts()).toEqual(whole);
    expect(emulators.map((emulator) => emulator.name).sort()).toEqual(['bng-north-1', 'bng-north-2', 'bng-south-1', 'dhcp-1', 'rpki-parent']);
    for (const { name, url } of emulators.filter((emulator) => emulator.name.startsWith('bng'))) {
      expect(await (await fetch(url)).json()).toMatchObject({ name });
    }
    const parent = north.things['devices']?.find((device) => device['kind'] === 'rpki');
    expect(parent).toMatchObject({ endpoint: emulators.find((emulator) => emulator.name === 'rpki-parent')?.url, credentialNames: ['parentResponse', 'siaBase'] });
  });

  it('changes nothing at a second start, and has its ports and tokens again', async () => {
    await start();
    const first = emulators.map(({ name, url }) => [name, url]);
    const changes = north.changes.length;
    await stopEmulators();
    await start();
    expect(north.changes.length).toBe(changes);
    expect(emulators.map(({ name, url }) => [name, url])).toEqual(first);
  });

  it('takes a plan that broke off up where it stopped, wherever that was', async () => {
    await start();
    const all = north.changes.length;
    expect(all).toBeGreaterThan(25);
    for (let at = 1; at <= all; at += 3) {
      await stopEmulators();
      await north.stop();
      await rm(folder, { recursive: true });
      north = new NorthboundDouble(childRequest);
      await north.start();
      north.breakAfter = at;
      await expect(start()).rejects.toThrow();
      await stopEmulators();
      north.breakAfter = Infinity;
      await start();
      expect(counts()).toEqual(whole);
    }
  });

  it('does not bring back what the operator removed', async () => {
    await start();
    await stopEmulators();
    north.things['devices'] = (north.things['devices'] ?? []).filter((device) => device['name'] !== 'bng-north-2');
    north.things['allocations'] = [];
    await start();
    expect(counts()).toEqual({ ...whole, devices: whole.devices - 1, allocations: 0 });
    expect(emulators.map((emulator) => emulator.name)).not.toContain('bng-north-2');
  });

  it('tells the controller where a device listens whose port was taken', async () => {
    await start();
    const urls = emulators.map((emulator) => emulator.url);
    const squatters = emulators.splice(0);
    await start();
    try {
      for (const name of ['bng-south-1', 'dhcp-1', 'rpki-parent']) {
        const { url } = emulators.find((emulator) => emulator.name === name) ?? {};
        expect(urls).not.toContain(url);
        expect(north.things['devices']?.find((device) => device['name'] === name)).toMatchObject({ endpoint: url });
      }
    } finally {
      for (const squatter of squatters) await squatter.stop();
    }
  });

  it('begins a new lab for a new database', async () => {
    await start();
    await stopEmulators();
    await north.stop();
    north = new NorthboundDouble(childRequest);
    await north.start();
    await start();
    expect(counts()).toEqual(whole);
  });
});
