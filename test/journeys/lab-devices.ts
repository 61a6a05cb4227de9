/**
 * The devices of the journeys, run by the lab and registered as an operator would: a BNG that pulls, a DHCP server that
 * is pushed to over Kea's channel, and a parent CA that is enrolled with (RFC 8183).
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startPullingBng, type PullingBng } from '../../src/lab/bng-emulator/pulling-bng.js';
import { startDhcpEmulator } from '../../src/lab/dhcp-emulator/start-dhcp-emulator.js';
import { startRpkiParent } from '../../src/lab/rpki-parent/start.js';
import { KeaConsole } from '../southbound/adapters/kea/kea-console.js';
import type { Api } from '../support/api.js';
import { eventually } from '../support/controller.js';
import type { OperatorTree } from './operator-tree.js';

export interface LabDevices {
  readonly bngId: string;
  readonly dhcpId: string;
  readonly parentId: string;
  readonly bng: Pick<PullingBng, 'held'>;
  /** The DHCP server, past our adapter. */
  readonly kea: KeaConsole;
  /** Certificates the parent CA has issued to us and not revoked. */
  certificatesAtParent(): Promise<number>;
  stop(): Promise<void>;
}

export async function startDevices(api: Api, folder: string, { spaceId, prefixes }: OperatorTree): Promise<LabDevices> {
  const register = async (body: object): Promise<string> => (await api.expect(201, 'POST', '/v1/devices', { body: { spaceId, ...body } })).id;

  const login = { username: 'casm', password: randomBytes(16).toString('hex') };
  const dhcp = await startDhcpEmulator({ ...login, stateFile: join(folder, 'dhcp.json') });
  const dhcpId = await register({ name: 'dhcp-1', kind: 'dhcp', adapter: 'kea', endpoint: dhcp.url, credentials: login });

  const resources = { ipv4: prefixes.filter((prefix) => !prefix.includes(':')), ipv6: prefixes.filter((prefix) => prefix.includes(':')) };
  const parent = await startRpkiParent({ folder: join(folder, 'rpki-parent'), resources });
  const parentId = await register({ name: 'registry', kind: 'rpki', adapter: 'rpki', endpoint: parent.url });
  await enrol(api, parentId, parent.url);

  const bngId = await register({ name: 'bng-1', kind: 'bng', adapter: 'pull' });
  const { token } = await api.expect(201, 'POST', '/v1/tokens', { body: { name: 'bng-1', role: 'device', deviceId: bngId } });
  const bng = await startPullingBng({ name: 'bng-1', controllerUrl: api.url, token, stateFile: join(folder, 'bng.json'), waitSeconds: 5, reportSeconds: 2, pauses: [100, 1000] });

  return {
    bngId,
    dhcpId,
    parentId,
    bng,
    kea: new KeaConsole({ url: dhcp.url, ...login }),
    certificatesAtParent: async () => {
      const { children } = (await (await fetch(parent.url)).json()) as { children: { classes: { certificates: number }[] }[] };
      return children.flatMap((child) => child.classes).reduce((sum, entry) => sum + entry.certificates, 0);
    },
    stop: async () => {
      await Promise.all([bng.stop(), dhcp.stop(), parent.stop()]);
    },
  };
}

async function enrol(api: Api, deviceId: string, parentUrl: string): Promise<void> {
  const childRequest = await eventually(async () => {
    const { enrolment } = await api.expect(200, 'GET', `/v1/devices/${deviceId}`);
    if (enrolment === null) throw new Error('there is no child_request yet');
    return enrolment as string;
  });
  const answer = await fetch(`${parentUrl}/enrol`, { method: 'POST', headers: { 'content-type': 'application/xml' }, body: childRequest });
  const parentResponse = await answer.text();
  if (!answer.ok) throw new Error(`the parent CA refused the enrolment: ${parentResponse}`);
  await api.expect(200, 'PATCH', `/v1/devices/${deviceId}`, { body: { credentials: { parentResponse, siaBase: 'rsync://rpki.example.net/repository/casm/' } } });
}
