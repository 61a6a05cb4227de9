/**
 * A real Kea (kea-dhcp4, kea-dhcp6 and the control agent) with all of its files in a folder of its own, on the loopback
 * address. Touches nothing of a Kea that the machine may run besides, and ends its processes by their ids.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeaConsole, type KeaServer } from '../southbound/adapters/kea/kea-console.js';

export interface RealKeaOptions {
  /** Where DHCPv4 clients are served; without it Kea listens to nobody. */
  readonly serve?: { readonly namespace: string; readonly interface: string };
  /** The agent knows of a DHCPv6 server, which does not run. */
  readonly withoutDhcp6?: boolean;
}

const hooks = ['/usr/lib/x86_64-linux-gnu/kea/hooks', '/usr/lib/aarch64-linux-gnu/kea/hooks', '/usr/lib/kea/hooks'];
const login = { username: 'casm', password: 'secret of the lab' };

/** @throws Error with the end of Kea's own log when it does not come up */
export async function startRealKea({ serve, withoutDhcp6 = false }: RealKeaOptions = {}): Promise<KeaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'casm-kea-'));
  const [port, port4, port6] = [await freePort(), await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}/`;
  const kea = new KeaConsole({ url, ...login });
  await writeConfigurations(folder, port, serve?.interface);
  const entered = serve === undefined ? [] : ['ip', 'netns', 'exec', serve.namespace];
  let children: ChildProcess[] = [];

  const start = async (): Promise<void> => {
    await mkdir(join(folder, 'run'));
    children = [
      launch(folder, [...entered, 'kea-dhcp4', '-c', join(folder, 'dhcp4.json'), ...(serve === undefined ? ['-p', String(port4)] : [])]),
      ...(withoutDhcp6 ? [] : [launch(folder, ['kea-dhcp6', '-c', join(folder, 'dhcp6.json'), '-p', String(port6)])]),
      launch(folder, ['kea-ctrl-agent', '-c', join(folder, 'agent.json')]),
    ];
    await ready(kea, withoutDhcp6 ? ['dhcp4'] : ['dhcp4', 'dhcp6'], folder, children);
  };
  const end = async (): Promise<void> => {
    await Promise.all(children.map(endProcess));
    // Sockets and pid files left by a killed server keep the next one from starting.
    await rm(join(folder, 'run'), { recursive: true });
  };

  const server: KeaServer = {
    ...login,
    url,
    restart: () => end().then(start),
    stop: () => end().then(() => rm(folder, { recursive: true })),
  };
  try {
    await start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function writeConfigurations(folder: string, port: number, served: string | undefined): Promise<void> {
  const socket = (service: string) => ({ 'socket-type': 'unix', 'socket-name': join(folder, 'run', service) });
  const library = await hookFolder();
  const dhcp = (service: string, served?: string) => ({
    'interfaces-config': { interfaces: served === undefined ? [] : [served] },
    'control-socket': socket(service),
    'lease-database': { type: 'memfile', persist: true, name: join(folder, `${service}.leases`) },
    'hooks-libraries': ['lease', 'stat'].map((name) => ({ library: join(library, `libdhcp_${name}_cmds.so`) })),
    loggers: [{ name: `kea-${service}`, severity: 'INFO', output_options: [{ output: join(folder, `${service}.log`) }] }],
  });
  const clients = [{ user: login.username, password: login.password }];
  const agent = {
    'http-host': '127.0.0.1',
    'http-port': port,
    authentication: { type: 'basic', realm: 'kea', clients },
    'control-sockets': { dhcp4: socket('dhcp4'), dhcp6: socket('dhcp6') },
    loggers: [{ name: 'kea-ctrl-agent', severity: 'INFO', output_options: [{ output: join(folder, 'agent.log') }] }],
  };
  await writeFile(join(folder, 'dhcp4.json'), JSON.stringify({ Dhcp4: dhcp('dhcp4', served) }));
  await writeFile(join(folder, 'dhcp6.json'), JSON.stringify({ Dhcp6: { 'data-directory': folder, ...dhcp('dhcp6') } }));
  await writeFile(join(folder, 'agent.json'), JSON.stringify({ 'Control-agent': agent }));
}

function launch(folder: string, [command = '', ...args]: string[]): ChildProcess {
  const log = openSync(join(folder, 'output.log'), 'a');
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, KEA_PIDFILE_DIR: join(folder, 'run'), KEA_LOCKFILE_DIR: join(folder, 'run') };
  const child = spawn(command, args, { stdio: ['ignore', log, log], env });
  closeSync(log);
  return child;
}

async function ready(kea: KeaConsole, services: readonly string[], folder: string, children: readonly ChildProcess[]): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const replies = await Promise.all(services.map((service) => kea.ask(service, 'status-get').catch(() => ({ result: -1 }))));
    if (replies.every((reply) => reply.result === 0)) return;
    if (children.some((child) => child.exitCode !== null)) break;
    await sleep(50);
  }
  throw new Error(`Kea does not come up:\n${(await readFile(join(folder, 'output.log'), 'utf8')).split('\n').slice(-15).join('\n')}`);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(killing);
}

async function hookFolder(): Promise<string> {
  for (const folder of hooks) {
    const files = await readdir(folder).catch((): string[] => []);
    if (files.includes('libdhcp_lease_cmds.so')) return folder;
  }
  throw new Error(`the hooks of Kea are in none of ${hooks.join(', ')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
