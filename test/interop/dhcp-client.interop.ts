/** A real DHCP client, on a real Kea, gets an address out of a range of ours: a document was all we gave. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentRange } from '../../src/model/document.js';
import { parseAddress } from '../../src/model/prefix.js';
import { KeaAdapter } from '../../src/southbound/adapters/kea/kea-adapter.js';
import { deviceHandle, memoryInTest } from '../southbound/contract-device.js';
import { documentOf, v4Range } from '../southbound/contract-documents.js';
import { KeaConsole, type KeaServer } from '../southbound/adapters/kea/kea-console.js';
import { type DhcpWire, startDhcpWire } from './dhcp-wire.js';
import { startRealKea } from './real-kea.js';

/** Brings the ranges onto the server: here the adapter by itself does. */
type Deliver = (server: KeaServer, ranges: readonly DocumentRange[], options?: Record<string, string>) => Promise<void>;

const memory = memoryInTest();
let revision = 0;
const deliver: Deliver = async (server, ranges, options = {}) => {
  const credentials = { username: server.username, password: server.password, ...options };
  await new KeaAdapter().apply(deviceHandle({ endpoint: server.url, memory, credentials }), documentOf(String((revision += 1)), ranges));
};

describe('a DHCP client', () => {
  const range: DocumentRange = { ...v4Range('198.18.7.0/28'), lifetimes: { preferred: 600, valid: 600, t1: 200, t2: 400 } };
  let wire: DhcpWire;
  let server: KeaServer;
  let kea: KeaConsole;

  beforeAll(async () => {
    wire = await startDhcpWire();
    await wire.serve(`${range.gateway}/28`);
    server = await startRealKea({ serve: { namespace: wire.serverNamespace, interface: wire.serverInterface } });
    kea = new KeaConsole(server);
  });
  afterAll(async () => {
    await server?.stop();
    await wire?.stop();
  });

  it('gets nothing where nothing is allocated', async () => {
    await deliver(server, []);
    expect(await wire.obtainAddress()).toBeNull();
  });

  it('gets an address, the gateway and the lifetime of the range', async () => {
    await deliver(server, [range]);
    const lease = await wire.obtainAddress();
    expect(lease).toEqual({ address: expect.stringMatching(/^198\.18\.7\.\d+$/), routers: '198.18.7.1', leaseTime: 600 });
    const at = (text: string | null | undefined): bigint => parseAddress(text ?? '').address;
    expect(at(lease?.address)).toBeGreaterThanOrEqual(at(range.lowerAddress));
    expect(at(lease?.address)).toBeLessThanOrEqual(at(range.upperAddress));
    const credentials = { username: server.username, password: server.password };
    const { ranges } = await new KeaAdapter().observe(deviceHandle({ endpoint: server.url, memory, credentials }));
    expect(ranges).toEqual([{ prefix: '198.18.7.0/28', state: 'active', assigned: '1', total: '13' }]);
  });

  it('gets nothing new of a draining range, its pool gone or guarded, and one that is withdrawn waits for the one who has', async () => {
    await deliver(server, [{ ...range, state: 'draining' }]);
    expect(await wire.obtainAddress()).toBeNull();
    await deliver(server, [{ ...range, state: 'draining' }], { drain: 'active' });
    expect(await wire.obtainAddress()).toBeNull();
    await expect(deliver(server, [])).rejects.toThrow('198.18.7.0/28 still has 1 lease,');
  });

  it('gets an address again when the drain is taken back, also after a restart of the server', async () => {
    await deliver(server, [range]);
    await server.restart();
    expect(await wire.obtainAddress()).not.toBeNull();
    expect(await kea.subnets()).toHaveLength(1);
  });
});
