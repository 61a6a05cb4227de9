import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { startDhcpEmulator } from '../../../src/lab/dhcp-emulator/start-dhcp-emulator.js';
import { startEmulatedKea } from '../../southbound/adapters/kea/emulated-kea.js';
import { KeaConsole } from '../../southbound/adapters/kea/kea-console.js';
import { controlChannelFacts } from './control-channel-facts.js';

controlChannelFacts('the DHCP emulator', startEmulatedKea);

describe('DHCP emulator', () => {
  const subnet = { id: 5, subnet: '10.5.0.0/24', 'valid-lifetime': 100, pools: [{ pool: '10.5.0.2-10.5.0.254' }] };

  it('comes back with what was written, and with its leases', async () => {
    const server = await startEmulatedKea();
    const kea = new KeaConsole(server);
    await kea.change((configuration) => ({ ...configuration, subnet4: [subnet] }));
    await kea.must('dhcp4', 'config-write');
    await kea.lease('10.5.0.7', 1);
    await kea.change((configuration) => ({ ...configuration, subnet4: [] }));
    await server.restart();
    expect(await kea.subnets()).toMatchObject([subnet]);
    expect((await kea.ask('dhcp4', 'lease4-get', { 'ip-address': '10.5.0.7' })).result).toBe(0);
    await server.stop();
  });

  it('reclaims a lease when its time is over, and forgets it an hour later', async () => {
    let seconds = 1_800_000_000;
    const server = await startEmulatedKea({ now: () => new Date(seconds * 1000) });
    const kea = new KeaConsole(server);
    await kea.change((configuration) => ({ ...configuration, subnet4: [subnet] }));
    await kea.lease('10.5.0.7', 1);
    const lease = () => kea.ask('dhcp4', 'lease4-get', { 'ip-address': '10.5.0.7' });
    seconds += 99;
    expect(await lease()).toMatchObject({ arguments: { state: 0, cltt: 1_800_000_000 } });
    seconds += 1;
    expect(await lease()).toMatchObject({ arguments: { state: 2 } });
    seconds += 3600;
    expect((await lease()).result).toBe(3);
    await server.stop();
  });

  it('says in one line that its port is taken, or its state is not its own', async () => {
    const server = await startEmulatedKea();
    const login = { username: 'a', password: 'b' };
    await expect(startDhcpEmulator({ ...login, port: Number(new URL(server.url).port) })).rejects.toThrow(/^cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)$/);
    await writeFile(server.stateFile, '{"half":');
    await expect(startDhcpEmulator({ ...login, stateFile: server.stateFile })).rejects.toThrow(/^cannot read the state of the DHCP emulator in /);
    await server.stop();
  });
});
