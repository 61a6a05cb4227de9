/**
 * What the devices hold, asked of the devices themselves, beside what they should hold, worked out here from what the
 * clients were told. Neither side of the comparison goes through the controller.
 */
import { expect } from 'vitest';
import { formatAddress, parsePrefix, prefixLast } from '../../src/model/prefix.js';
import { readResourceCertificate } from '../../src/rpki/resource-certificate/read.js';
import type { KeaMap } from '../southbound/adapters/kea/kea-console.js';
import type { Api } from '../support/api.js';
import type { Allocated } from './clients.js';
import type { LabDevices } from './lab-devices.js';

export function expectBngHolds({ bng, bngId }: LabDevices, allocated: readonly Allocated[]): void {
  const expected = allocated.filter(({ request }) => request.deviceId === bngId).map(({ id, prefix, request }) => `${id} ${prefix} ${request.holder} ${request.service} active`);
  const held = bng.held().map(({ id, prefix, holder, service, state }) => `${id} ${prefix} ${holder} ${service} ${state}`);
  expectSame(held, expected);
}

export async function expectDhcpHolds({ kea, dhcpId }: LabDevices, allocated: readonly Allocated[]): Promise<void> {
  const held = [...(await kea.subnets('dhcp4')), ...(await kea.subnets('dhcp6'))].map(describeSubnet);
  expectSame(held, allocated.filter(({ request }) => request.deviceId === dhcpId).map(expectedSubnet));
}

/** The one certificate that stands covers exactly the prefixes asked to be certified, neighbours joined (RFC 3779 §2.2.3.6). */
export async function expectCertified(api: Api, { parentId, certificatesAtParent }: LabDevices, allocated: readonly Allocated[]): Promise<void> {
  const wanted = allocated.filter(({ request }) => request.certify === true);
  const { items } = await api.expect(200, 'GET', `/v1/certificates?deviceId=${parentId}&state=issued&limit=1000`);
  expect(items).toHaveLength(1);
  const { held } = readResourceCertificate(Buffer.from(items[0].issued.certificate, 'base64'));
  for (const family of ['ipv4', 'ipv6'] as const) expect(held[family]).toEqual(joined(wanted.filter(({ request }) => request.family === family)));
  expect(held.asn).toBeUndefined();
  expect(await certificatesAtParent()).toBe(1);
  const listed = await api.expect(200, 'GET', `/v1/allocations?deviceId=${parentId}&limit=1000`);
  expectSame(listed.items.map((one: { id: string; state: string; certification: string }) => `${one.id} ${one.state} ${one.certification}`), wanted.map(({ id }) => `${id} active issued`));
}

/** Lists of any length, as sets: a failure shows what is missing and what is too much, and nothing else. */
export function expectSame(found: readonly string[], expected: readonly string[]): void {
  const [has, wants] = [new Set(found), new Set(expected)];
  expect({ missing: expected.filter((one) => !has.has(one)), tooMuch: found.filter((one) => !wants.has(one)) }).toEqual({ missing: [], tooMuch: [] });
  expect(found.length).toBe(expected.length);
}

function joined(allocated: readonly Allocated[]): { first: bigint; last: bigint }[] {
  const ranges: { first: bigint; last: bigint }[] = [];
  const prefixes = allocated.map(({ prefix }) => parsePrefix(prefix)).sort((a, b) => (a.first < b.first ? -1 : 1));
  for (const prefix of prefixes) {
    const before = ranges.at(-1);
    if (before !== undefined && before.last + 1n === prefix.first) before.last = prefixLast(prefix);
    else ranges.push({ first: prefix.first, last: prefixLast(prefix) });
  }
  return ranges;
}

function describeSubnet(subnet: KeaMap): string {
  const list = (name: string): KeaMap[] => (subnet[name] ?? []) as KeaMap[];
  const { range } = (subnet['user-context'] as { casm: { range: string } }).casm;
  const pools = list('pools').map((pool) => pool['pool']);
  const delegated = list('pd-pools').map((pool) => `${String(pool['prefix'])}/${String(pool['prefix-len'])} in /${String(pool['delegated-len'])}`);
  const routers = list('option-data').map((option) => `via ${String(option['data'])}`);
  return [range, subnet['subnet'], ...pools, ...delegated, ...routers].join(' ');
}

/** An IPv4 server leaves out network and broadcast and is not the gateway; IPv6 up to /63 is delegated, in /56 or /64. */
function expectedSubnet({ id, prefix: text }: Allocated): string {
  const prefix = parsePrefix(text);
  const address = (value: bigint): string => formatAddress(prefix.family, value);
  if (prefix.family === 'ipv4') return `${id} ${text} ${address(prefix.first + 2n)}-${address(prefixLast(prefix) - 1n)} via ${address(prefix.first + 1n)}`;
  if (prefix.length < 64) return `${id} ${text} ${text} in /${prefix.length < 56 ? 56 : 64}`;
  return `${id} ${text} ${address(prefix.first + 1n)}-${address(prefixLast(prefix))}`;
}
