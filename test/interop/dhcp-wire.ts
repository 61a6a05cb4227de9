/**
 * A wire of two network namespaces: a server's end and a client's end, with a real DHCP client on the latter. The client
 * configures nothing (its script is /bin/true) and everything it writes is in a folder of its own, so the machine stays
 * as it is. Needs root.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ClientLease {
  readonly address: string;
  readonly routers: string | null;
  /** Seconds. */
  readonly leaseTime: number;
}

export interface DhcpWire {
  readonly serverNamespace: string;
  readonly serverInterface: string;
  /** Gives the server's end an address, as a gateway has it. @param address such as 192.0.2.1/24 */
  serve(address: string): Promise<void>;
  /** A client never seen before asks for an address; null when nobody offers one within some seconds. */
  obtainAddress(): Promise<ClientLease | null>;
  stop(): Promise<void>;
}

export async function startDhcpWire(): Promise<DhcpWire> {
  const folder = await mkdtemp(join(tmpdir(), 'casm-wire-'));
  const name = `casm${process.pid}`;
  const [server, client] = [`${name}s`, `${name}c`];
  const ip = (...args: string[]) => run('ip', args, { env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  const stop = async (): Promise<void> => {
    // The veth pair goes with its namespaces.
    for (const namespace of [server, client]) await ip('netns', 'delete', namespace).catch(() => undefined);
    await rm(folder, { recursive: true });
  };
  let clients = 0;
  try {
    for (const namespace of [server, client]) await ip('netns', 'add', namespace);
    await ip('link', 'add', server, 'netns', server, 'type', 'veth', 'peer', 'name', client, 'netns', client);
    for (const namespace of [server, client]) {
      await ip('-n', namespace, 'link', 'set', 'lo', 'up');
      await ip('-n', namespace, 'link', 'set', namespace, 'up');
    }
    await writeFile(join(folder, 'dhclient.conf'), 'timeout 6;\nretry 1;\ninitial-interval 1;\nrequest subnet-mask, routers;\n');
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    serverNamespace: server,
    serverInterface: server,
    serve: async (address) => {
      await ip('-n', server, 'address', 'add', address, 'dev', server);
    },
    obtainAddress: async () => {
      clients += 1;
      await ip('-n', client, 'link', 'set', client, 'address', `02:00:00:00:00:${clients.toString(16).padStart(2, '0')}`);
      const leases = join(folder, `${clients}.leases`);
      const files = ['-cf', join(folder, 'dhclient.conf'), '-lf', leases, '-pf', join(folder, `${clients}.pid`)];
      const exchange = ip('netns', 'exec', client, 'dhclient', '-4', '-d', '-1', '-sf', '/bin/true', ...files, client);
      const ended = exchange.catch(() => undefined);
      // In the foreground it stays to renew what it got: look at its lease file, then end it.
      const lease = await firstLease(leases, exchange.child);
      exchange.child.kill('SIGKILL');
      await ended;
      return lease;
    },
    stop,
  };
}

async function firstLease(file: string, child: { readonly exitCode: number | null }): Promise<ClientLease | null> {
  for (const until = Date.now() + 15_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const address = /fixed-address ([\d.]+);/.exec(text)?.[1];
    const leaseTime = /dhcp-lease-time (\d+);/.exec(text)?.[1];
    if (address !== undefined && text.includes('}')) return { address, routers: /option routers ([\d., ]+);/.exec(text)?.[1] ?? null, leaseTime: Number(leaseTime) };
    if (child.exitCode !== null) return null;
  }
  return null;
}
