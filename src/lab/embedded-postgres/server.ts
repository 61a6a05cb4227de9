/**
 * One running postgres process on a data folder: started on a free port of the loopback address, awaited, stopped. Knows
 * nothing of how the folder came to be. There is no unix socket: one way in, with a password.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab-error.js';
import type { Launcher } from './launcher.js';

export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Fulfilled when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Disconnects clients, writes what is to be written, ends. At most eight seconds; may be called more than once. */
  stop(): Promise<void>;
}

export interface ServerSettings {
  readonly postgres: string;
  readonly dataFolder: string;
  /** False where data may be lost with the machine: tests. */
  readonly durable: boolean;
  readonly maxConnections: number;
  readonly onLine: (line: string) => void;
}

/** @throws LabError with PostgreSQL's own reason when it does not come up. */
export async function startServer(launcher: Launcher, settings: ServerSettings): Promise<Server> {
  const tries = 5;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await launch(launcher, settings, await freePort());
    if (typeof outcome !== 'string') return outcome;
    // Somebody may have taken the port between our look and the server's.
    if (attempt < tries && /could not create any TCP\/IP sockets|Address already in use/.test(outcome)) continue;
    throw new LabError(`PostgreSQL does not start on ${settings.dataFolder}: ${outcome}`);
  }
}

async function launch(launcher: Launcher, settings: ServerSettings, port: number): Promise<Server | string> {
  const options: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: settings.maxConnections,
    timezone: 'UTC',
    log_timezone: 'UTC',
    logging_collector: 'off',
    log_destination: 'stderr',
    ...(settings.durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  const args = ['-D', settings.dataFolder, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  // A session of its own: a signal for the whole terminal must not take the database from under the controller.
  const child = launcher.spawn(settings.postgres, args, { cwd: '/', detached: true, mortal: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const lastLines: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      settings.onLine(line);
    });
  }
  let running = true;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => lastLines.push(`FATAL: ${error.message}`));
    child.once('close', resolve);
  }).then(() => void (running = false));
  const interrupt = () => void child.kill('SIGINT');
  process.once('exit', interrupt);
  void ended.then(() => process.off('exit', interrupt));

  while (running && !(await isReady(settings.dataFolder, child.pid))) await Promise.race([ended, sleep(15)]);
  if (!running || child.pid === undefined) {
    const fatal = lastLines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lastLines.at(-1) ?? 'it ended at once';
    return lastLines.some((line) => line.includes('Address already in use')) ? 'Address already in use' : fatal.replace(/^.*?(FATAL|PANIC):\s*/, '');
  }
  const stop = async () => {
    for (const [signal, milliseconds] of [['SIGINT', 5000], ['SIGQUIT', 2000], ['SIGKILL', 1000]] as const) {
      if (!running) return;
      child.kill(signal);
      await Promise.race([ended, sleep(milliseconds, undefined, { ref: false })]);
    }
  };
  return { port, pid: child.pid, ended, stop };
}

/** The eighth line of postmaster.pid is the server's own word on its state. */
async function isReady(dataFolder: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
