/** Any Kea server, emulated or real, as a target of the contract suite. */
import { KeaAdapter } from '../../../../src/southbound/adapters/kea/kea-adapter.js';
import type { DeviceHandle } from '../../../../src/southbound/adapter.js';
import type { ContractTarget, HeldRange } from '../../adapter-contract.js';
import { type BreakableLine, startBreakableLine } from '../../breakable-line.js';
import { deviceHandle, memoryInTest } from '../../contract-device.js';
import { documentOf, v4Range } from '../../contract-documents.js';
import { KeaConsole, type KeaMap, type KeaServer } from './kea-console.js';

export interface KeaTarget extends ContractTarget<BreakableLine> {
  readonly console: KeaConsole;
  readonly server: KeaServer;
  with(credentials: Record<string, string>): DeviceHandle;
}

export async function keaTarget(server: KeaServer): Promise<KeaTarget> {
  const line = await startBreakableLine(server.url);
  const memory = memoryInTest();
  const login = { username: server.username, password: server.password };
  const seen = new KeaConsole(server);
  return {
    adapter: new KeaAdapter(),
    server,
    line,
    console: seen,
    handle: (signal) => deviceHandle({ endpoint: line.url, memory, credentials: login, ...(signal === undefined ? {} : { signal }) }),
    with: (credentials) => deviceHandle({ endpoint: line.url, memory, credentials: { ...login, ...credentials } }),
    held: async () => [...(await seen.subnets('dhcp4')), ...(await seen.subnets('dhcp6'))].map(heldRange).sort((a, b) => (a.prefix < b.prefix ? -1 : 1)),
    changes: () => line.passed.filter(({ body }) => /"config-(set|write)"/.test(body)).length,
    refused: (revision) => documentOf(revision, [{ ...v4Range('10.77.9.0/24'), upperAddress: '10.99.0.9' }]),
    stop: async () => {
      await line.stop();
      await server.stop();
    },
  };
}

function heldRange(subnet: KeaMap): HeldRange {
  const pools = [...((subnet['pools'] as unknown[]) ?? []), ...((subnet['pd-pools'] as unknown[]) ?? [])];
  return { prefix: String(subnet['subnet']), state: pools.length > 0 ? 'active' : 'draining' };
}
