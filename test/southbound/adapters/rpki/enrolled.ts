/** A lab parent and a device enrolled with it, as the tests of the adapter need them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRpkiParent, type RpkiParent, type RpkiParentOptions } from '../../../../src/lab/rpki-parent/start.js';
import type { DeviceDocument } from '../../../../src/model/document.js';
import { parsePrefix } from '../../../../src/model/prefix.js';
import { RpkiAdapter } from '../../../../src/southbound/adapters/rpki/rpki-adapter.js';
import { TestDevice } from './device-handle.js';

export const holdings = { ipv4: ['10.0.0.0/8', '192.0.2.0/24'], ipv6: ['2001:db8::/32'], asn: ['64500-64510'] };

export interface Enrolled {
  readonly adapter: RpkiAdapter;
  readonly device: TestDevice;
  readonly folder: string;
  parent: RpkiParent;
  apply(...prefixes: string[]): Promise<void>;
  /** The prefixes observed at the parent. */
  observed(): Promise<string[]>;
  /** The parent goes away and comes back from its folder, on the same port. */
  restartParent(options?: Partial<RpkiParentOptions>): Promise<void>;
  stop(): Promise<void>;
}

export async function startEnrolled(now?: () => Date): Promise<Enrolled> {
  const folder = await mkdtemp(join(tmpdir(), 'casm-rpki-parent-'));
  const start = (options: Partial<RpkiParentOptions> = {}) => startRpkiParent({ folder, resources: holdings, ...(now && { now }), ...options });
  const adapter = new RpkiAdapter(now);
  const device = new TestDevice();
  const enrolled: Enrolled = {
    adapter,
    device,
    folder,
    parent: await start(),
    apply: (...prefixes) => adapter.apply(device.handle(), documentOf(...prefixes)),
    observed: async () => (await adapter.observe(device.handle())).ranges.map((range) => range.prefix),
    restartParent: async (options) => {
      const { port } = enrolled.parent;
      await enrolled.parent.stop();
      enrolled.parent = await start({ port, ...options });
    },
    stop: async () => {
      await enrolled.parent.stop();
      await rm(folder, { recursive: true });
    },
  };
  const childRequest = await adapter.enrol(device.handle());
  device.credentials = { parentResponse: await enrol(enrolled.parent, childRequest), siaBase: 'rsync://rpki.example.net/repo/casm' };
  return enrolled;
}

export async function enrol(parent: RpkiParent, childRequest: string): Promise<string> {
  const answer = await fetch(`${parent.url}/enrol`, { method: 'POST', body: childRequest });
  if (answer.status !== 200) throw new Error(await answer.text());
  return answer.text();
}

export function documentOf(...prefixes: string[]): DeviceDocument {
  const resources = prefixes.map((prefix) => ({ id: `resource-${prefix}`, prefix, family: parsePrefix(prefix).family, originAs: null }));
  return { device: 'device', revision: '1', space: null, ranges: [], resources };
}
