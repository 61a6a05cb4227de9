/**
 * A believable operator: two regions, three BNGs, one DHCP server, public space in two pieces, and shared space for
 * carrier-grade NAT. Data only; seed.ts makes it so. The public prefixes stay inside the lab: nothing announces them.
 */
import type { Northbound } from './northbound-client.js';

export interface PlannedPool {
  readonly name: string;
  /** The name of its parent; a root has prefixes instead of lengths. */
  readonly parent?: string;
  readonly prefixes?: readonly string[];
  readonly carve?: readonly Northbound['Carve'][];
  readonly policy?: Northbound['PolicyRequest'];
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlannedDomain {
  readonly name: string;
  readonly pool: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefixLength: number;
  readonly holder: string;
  readonly service: string;
}

export interface PlannedDevice {
  readonly name: string;
  readonly kind: 'bng' | 'dhcp' | 'rpki';
  readonly adapter: 'pull' | 'http' | 'kea' | 'rpki';
  readonly domains: readonly PlannedDomain[];
}

export interface PlannedAllocation {
  /** Kept as the label `lab`. */
  readonly name: string;
  readonly pool: string;
  readonly device?: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefixLength: number;
  readonly holder: string;
  readonly service: string;
  readonly certify: boolean;
}

export const spaceName = 'internet';
export const publicPrefixes = { ipv4: ['45.96.0.0/14', '185.180.40.0/22'], ipv6: ['2a0e:8f00::/29'] };

const regionCarve = [
  { family: 'ipv4', prefixLength: 16, count: 1 },
  { family: 'ipv6', prefixLength: 32, count: 1 },
] as const;
const bngCarve = [
  { family: 'ipv4', prefixLength: 19, count: 1 },
  { family: 'ipv6', prefixLength: 36, count: 1 },
] as const;

export const plannedPools: readonly PlannedPool[] = [
  {
    name: 'operator',
    prefixes: [...publicPrefixes.ipv4, ...publicPrefixes.ipv6],
    policy: {
      ipv4: { minPrefixLength: 20, maxPrefixLength: 32, defaultPrefixLength: 24 },
      ipv6: { minPrefixLength: 40, maxPrefixLength: 64, defaultPrefixLength: 48 },
      quarantineSeconds: 600,
    },
    labels: { scope: 'public' },
  },
  {
    name: 'cgn',
    prefixes: ['100.64.0.0/10'],
    policy: { ipv4: { minPrefixLength: 16, maxPrefixLength: 30, defaultPrefixLength: 22 }, allowSpecialPurpose: true },
    labels: { scope: 'shared' },
  },
  { name: 'north', parent: 'operator', carve: regionCarve, labels: { region: 'north' } },
  { name: 'south', parent: 'operator', carve: regionCarve, labels: { region: 'south' } },
  { name: 'north/bng-north-1', parent: 'north', carve: bngCarve, labels: { site: 'north-1' } },
  { name: 'north/bng-north-2', parent: 'north', carve: bngCarve, labels: { site: 'north-2' } },
  { name: 'south/bng-south-1', parent: 'south', carve: bngCarve, labels: { site: 'south-1' } },
  { name: 'cgn/north', parent: 'cgn', carve: [{ family: 'ipv4', prefixLength: 12, count: 1 }], labels: { region: 'north-cgn' } },
];

function residential(pool: string): PlannedDomain[] {
  return [
    { name: 'residential-ipv4', pool, family: 'ipv4', prefixLength: 24, holder: 'residential', service: 'internet' },
    { name: 'residential-ipv6', pool, family: 'ipv6', prefixLength: 44, holder: 'residential', service: 'internet' },
  ];
}

export const rpkiDevice: PlannedDevice = { name: 'rpki-parent', kind: 'rpki', adapter: 'rpki', domains: [] };

export const plannedDevices: readonly PlannedDevice[] = [
  { name: 'bng-north-1', kind: 'bng', adapter: 'pull', domains: residential('north/bng-north-1') },
  { name: 'bng-north-2', kind: 'bng', adapter: 'pull', domains: residential('north/bng-north-2') },
  { name: 'bng-south-1', kind: 'bng', adapter: 'http', domains: residential('south/bng-south-1') },
  { name: 'dhcp-1', kind: 'dhcp', adapter: 'kea', domains: [{ name: 'business-ipv4', pool: 'south', family: 'ipv4', prefixLength: 26, holder: 'business', service: 'business' }] },
];

function homes(device: string, pool: string, certify: boolean): PlannedAllocation[] {
  return [
    { name: `${device}-ipv4`, pool, device, family: 'ipv4', prefixLength: 24, holder: 'residential', service: 'internet', certify },
    { name: `${device}-ipv6`, pool, device, family: 'ipv6', prefixLength: 44, holder: 'residential', service: 'internet', certify },
  ];
}

export const plannedAllocations: readonly PlannedAllocation[] = [
  ...homes('bng-north-1', 'north/bng-north-1', true),
  ...homes('bng-north-2', 'north/bng-north-2', false),
  ...homes('bng-south-1', 'south/bng-south-1', true),
  { name: 'bng-north-2-cgn', pool: 'cgn/north', device: 'bng-north-2', family: 'ipv4', prefixLength: 22, holder: 'mobile', service: 'cgn', certify: false },
  { name: 'dhcp-1-town-hall', pool: 'south', device: 'dhcp-1', family: 'ipv4', prefixLength: 26, holder: 'town-hall', service: 'business', certify: false },
  { name: 'loopbacks', pool: 'operator', family: 'ipv4', prefixLength: 27, holder: 'network-operations', service: 'infrastructure', certify: false },
];
