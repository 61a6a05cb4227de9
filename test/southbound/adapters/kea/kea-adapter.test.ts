import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Reject, Retry } from '../../../../src/southbound/adapter.js';
import { networkAdapterContract } from '../../adapter-contract.js';
import { documentOf, v4Range, v6DelegatedRange } from '../../contract-documents.js';
import { startEmulatedKea } from './emulated-kea.js';
import { keaBehaviour } from './kea-behaviour.js';
import { keaTarget } from './kea-target.js';

networkAdapterContract('kea with the DHCP emulator', async () => keaTarget(await startEmulatedKea()));
keaBehaviour('the DHCP emulator', startEmulatedKea);

describe('kea adapter with a server in trouble', () => {
  it('is not done before the configuration is on disk, and makes up for it later', async () => {
    const server = await startEmulatedKea();
    const target = await keaTarget(server);
    const document = documentOf('1', [v4Range('10.77.0.0/24')]);
    await mkdir(`${server.stateFile}.new`);
    await expect(target.adapter.apply(target.handle(), document)).rejects.toThrow('cannot write it to its disk');
    await rmdir(`${server.stateFile}.new`);
    await target.adapter.apply(target.handle(), document);
    expect(await readFile(server.stateFile, 'utf8')).toContain('10.77.0.0/24');
    await target.stop();
  });

  it('does without DHCPv6 where there is none, until a v6 range wants it', async () => {
    const target = await keaTarget(await startEmulatedKea({ services: ['dhcp4'] }));
    const v4 = v4Range('10.77.0.0/24');
    await target.adapter.apply(target.handle(), documentOf('1', [v4]));
    expect((await target.adapter.observe(target.handle())).ranges).toHaveLength(1);
    const error = await target.adapter.apply(target.handle(), documentOf('2', [v4, v6DelegatedRange('2001:db8:70::/44', 56)])).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Reject);
    expect(String(error)).toContain('has no dhcp6 service: it cannot hold 2001:db8:70::/44');
    await target.stop();
  });

  it('brings the one server up to date though the other has to wait', async () => {
    const target = await keaTarget(await startEmulatedKea());
    await target.adapter.apply(target.handle(), documentOf('1', [v4Range('10.77.0.0/24')]));
    await target.console.lease('10.77.0.9', 1);
    await expect(target.adapter.apply(target.handle(), documentOf('2', [v6DelegatedRange('2001:db8:70::/44', 56)]))).rejects.toBeInstanceOf(Retry);
    expect(await target.held()).toEqual([
      { prefix: '10.77.0.0/24', state: 'draining' },
      { prefix: '2001:db8:70::/44', state: 'active' },
    ]);
    await target.stop();
  });

  it('pages through more leases than one page holds', async () => {
    const target = await keaTarget(await startEmulatedKea({ stateFile: undefined }));
    const wide = v4Range('10.76.0.0/21');
    await target.adapter.apply(target.handle(), documentOf('1', [wide, v4Range('10.78.0.0/24')]));
    for (let n = 0; n < 1203; n += 1) await target.console.lease(`10.76.${3 + (n >> 8)}.${n & 255}`, n & 255);
    await target.console.lease('10.78.0.9', 1);
    await expect(target.adapter.apply(target.handle(), documentOf('2', [v4Range('10.78.0.0/24')]))).rejects.toThrow('still has 1203 leases');
    await target.stop();
  });
});
