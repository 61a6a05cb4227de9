/**
 * The lab: the devices that are pushed to, then the plan, then the devices that pull. The lab's memory hangs on the id of
 * the space, so a new database gets a new lab and not one that remembers another controller.
 */
import { join } from 'node:path';
import { startPullingBng } from '../bng-emulator/pulling-bng.js';
import { startPushedBng } from '../bng-emulator/pushed-bng.js';
import { startDhcpEmulator } from '../dhcp-emulator/start-dhcp-emulator.js';
import { startRpkiParent } from '../rpki-parent/start.js';
import { enrol } from './enrol.js';
import { LabMemory } from './lab-memory.js';
import { NorthboundClient } from './northbound-client.js';
import { plannedDevices, publicPrefixes, rpkiDevice } from './plan.js';
import { findDevice, findOrCreateDevice, findOrCreateSpace, seedAllocations, seedPools, type Peer } from './seed.js';

export interface Emulator {
  readonly name: string;
  /** What it is, in three words. */
  readonly role: string;
  readonly url: string;
  stop(): Promise<void>;
}

export interface LabSettings {
  readonly controllerUrl: string;
  readonly adminToken: string;
  readonly folder: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Told of each emulator as soon as it runs: whoever is told stops it. */
  readonly onStarted: (emulator: Emulator) => void;
}

/** @throws LabError, NorthboundProblem; what runs by then goes on running. */
export async function startLab(settings: LabSettings): Promise<void> {
  const api = new NorthboundClient(settings.controllerUrl, settings.adminToken, settings.signal);
  const space = await findOrCreateSpace(api);
  const folder = join(settings.folder, space.id);
  const memory = await LabMemory.open(join(folder, 'lab.json'));
  const { peers, parentUrl } = await startPeers(settings, memory, folder);
  if (!memory.seeded) {
    const pools = await seedPools(api, space.id);
    const devices = new Map<string, string>();
    const parent = await findOrCreateDevice(api, space.id, rpkiDevice, pools, { endpoint: parentUrl });
    await enrol(api, parent, parentUrl, settings.signal);
    for (const device of plannedDevices) {
      devices.set(device.name, (await findOrCreateDevice(api, space.id, device, pools, peers.get(device.name))).id);
    }
    await seedAllocations(api, pools, devices);
    await memory.setSeeded();
  }
  await tellNewPorts(api, peers);
  const parent = await findDevice(api, rpkiDevice.name);
  if (parent !== undefined) await enrol(api, parent, parentUrl, settings.signal);
  await startPulling(settings, api, memory, folder);
}

async function startPeers(settings: LabSettings, memory: LabMemory, folder: string): Promise<{ peers: Map<string, Peer>; parentUrl: string }> {
  const secret = await memory.secret('bng-south-1');
  const bng = await memory.onItsPort('bng-south-1', (port) => startPushedBng({ name: 'bng-south-1', port, secret, stateFile: join(folder, 'bng-south-1.json'), onLine: settings.log }));
  settings.onStarted({ name: 'bng-south-1', role: 'BNG, pushed to', url: bng.url, stop: () => bng.stop() });

  const password = await memory.secret('dhcp-1');
  const dhcp = await memory.onItsPort('dhcp-1', (port) => startDhcpEmulator({ port, username: 'casm', password, stateFile: join(folder, 'dhcp-1.json') }));
  settings.onStarted({ name: 'dhcp-1', role: "DHCP, Kea's channel", url: dhcp.url, stop: () => dhcp.stop() });

  const parent = await memory.onItsPort('rpki-parent', (port) => startRpkiParent({ port, folder: join(folder, 'rpki-parent'), resources: publicPrefixes }));
  settings.onStarted({ name: 'rpki-parent', role: 'parent CA, RFC 6492', url: parent.url, stop: () => parent.stop() });

  const peers = new Map<string, Peer>([
    ['bng-south-1', { endpoint: bng.url, credentials: { secret } }],
    ['dhcp-1', { endpoint: dhcp.url, credentials: { username: 'casm', password } }],
  ]);
  return { peers, parentUrl: parent.url };
}

/** An emulator whose port was taken in the meantime listens on another now. */
async function tellNewPorts(api: NorthboundClient, peers: ReadonlyMap<string, Peer>): Promise<void> {
  for (const [name, { endpoint }] of peers) {
    const device = await findDevice(api, name);
    if (device !== undefined && device.endpoint !== endpoint) await api.updateDevice(device.id, { endpoint });
  }
}

async function startPulling(settings: LabSettings, api: NorthboundClient, memory: LabMemory, folder: string): Promise<void> {
  for (const { name } of plannedDevices.filter((device) => device.adapter === 'pull')) {
    const device = await findDevice(api, name);
    // Removed by the operator: then it has no emulator either.
    if (device === undefined) continue;
    const token = await memory.token(name, async () => (await api.createToken({ name, role: 'device', deviceId: device.id }, `lab-token-${device.id}`)).token);
    const { controllerUrl, log } = settings;
    const bng = await memory.onItsPort(name, (port) => startPullingBng({ name, port, controllerUrl, token, stateFile: join(folder, `${name}.json`), onLine: log }));
    settings.onStarted({ name, role: 'BNG, pulls', url: bng.url, stop: () => bng.stop() });
  }
}
