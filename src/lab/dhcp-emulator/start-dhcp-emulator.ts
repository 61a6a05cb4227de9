/**
 * A DHCP server as the controller sees one: Kea's control channel (JSON over HTTP, basic authentication) with a DHCPv4
 * and a DHCPv6 server behind it. Answers no DHCP client; leases come and go by the lease commands.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LabError, reasonOf } from '../lab-error.js';
import { ControlAgent } from './control-agent.js';
import { dhcpFamilies } from './dhcp-family.js';
import { DhcpServer } from './dhcp-server.js';
import type { Json } from './kea-json.js';
import { LeaseStore } from './lease-store.js';
import { StateFile } from './state-file.js';

export interface DhcpEmulatorOptions {
  /** 0 or nothing: any free one. Always on 127.0.0.1. */
  readonly port?: number;
  readonly username: string;
  readonly password: string;
  /** Where written configurations and leases are kept over a restart. */
  readonly stateFile?: string;
  /** Which servers are behind the agent; both unless told. */
  readonly services?: readonly ('dhcp4' | 'dhcp6')[];
  readonly now?: () => Date;
}

export interface DhcpEmulator {
  readonly url: string;
  readonly port: number;
  /** Ends the listener and every connection; what was written is kept. */
  stop(): Promise<void>;
}

const bodyLimitBytes = 64 * 1024 * 1024;

/** @throws LabError when the port is taken, or the state file cannot be read as ours */
export async function startDhcpEmulator(options: DhcpEmulatorOptions): Promise<DhcpEmulator> {
  const agent = new ControlAgent(startServers(options));
  const authorization = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    serve(request, response, agent, authorization).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new LabError(`cannot listen on 127.0.0.1:${options.port ?? 0} (${reasonOf(error)})`, { cause: error })));
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}/`, port, stop };
}

function startServers({ stateFile, services, now = () => new Date() }: DhcpEmulatorOptions): Map<string, DhcpServer> {
  const state = new StateFile(stateFile);
  const wanted = dhcpFamilies.filter((at) => services?.includes(at.service) ?? true);
  return new Map(
    wanted.map((at) => {
      const leases = new LeaseStore(now, state.leases(at));
      const disk = {
        file: stateFile ?? `/etc/kea/kea-${at.service}.conf`,
        readConfiguration: () => state.configuration(at),
        writeConfiguration: (configuration: Parameters<StateFile['keepConfiguration']>[1]) => state.keepConfiguration(at, configuration),
        leasesChanged: () => state.keepLeases(at, leases.all()),
      };
      return [at.service, new DhcpServer(at, leases, disk, now)];
    }),
  );
}

async function serve(request: IncomingMessage, response: ServerResponse, agent: ControlAgent, authorization: string): Promise<void> {
  const body = await readBody(request);
  if (!sameSecret(request.headers.authorization ?? '', authorization)) {
    response.setHeader('www-authenticate', 'Basic realm="kea"');
    return send(response, 401, { result: 401, text: 'Unauthorized' });
  }
  const parsed = request.method === 'POST' ? parse(body) : undefined;
  if (parsed === undefined) return send(response, 400, { result: 400, text: 'Bad Request' });
  send(response, 200, agent.answer(parsed));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) throw new Error('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

function sameSecret(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
