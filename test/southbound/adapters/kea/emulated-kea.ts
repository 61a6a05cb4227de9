/** The DHCP emulator as a Kea server that tests can restart. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DhcpEmulatorOptions, startDhcpEmulator } from '../../../../src/lab/dhcp-emulator/start-dhcp-emulator.js';
import type { KeaServer } from './kea-console.js';

export async function startEmulatedKea(more: Partial<DhcpEmulatorOptions> = {}): Promise<KeaServer & { readonly stateFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'casm-dhcp-'));
  const login = { username: 'casm', password: 'secret of the lab' };
  const stateFile = join(folder, 'state.json');
  let emulator = await startDhcpEmulator({ ...login, stateFile, ...more });
  const { url, port } = emulator;
  return {
    ...login,
    url,
    stateFile,
    restart: async () => {
      await emulator.stop();
      emulator = await startDhcpEmulator({ ...login, stateFile, ...more, port });
    },
    stop: async () => {
      await emulator.stop();
      await rm(folder, { recursive: true });
    },
  };
}
