/** What the clients of the journeys ask for: lengths, families, holders and devices mixed, the same mix at every run. */
import type { LabDevices } from './lab-devices.js';
import type { OperatorTree } from './operator-tree.js';

export interface AllocationRequest {
  readonly poolId: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefixLength: number;
  readonly holder: string;
  readonly service: string;
  readonly deviceId?: string;
  readonly certify?: boolean;
}

const ipv4Lengths = [24, 25, 26, 27, 28, 29, 30];
const ipv6Lengths = [48, 52, 56, 60, 64];

/**
 * Two fifths for the BNG, one for the DHCP server, two for nobody's device; a third of each is IPv6. The certified ones
 * are spread evenly, so that some wait for a device too.
 */
export function mixedRequests(count: number, certified: number, tree: OperatorTree, devices: LabDevices): AllocationRequest[] {
  const certifiedUpTo = (at: number): number => Math.floor((at * certified) / count);
  return Array.from({ length: count }, (_, at) => {
    const ipv6 = at % 3 === 2;
    const lengths = ipv6 ? ipv6Lengths : ipv4Lengths;
    const place = [
      { poolId: tree.bngPoolId, deviceId: devices.bngId },
      { poolId: tree.cloudPoolId },
      { poolId: tree.dhcpPoolId, deviceId: devices.dhcpId },
      { poolId: tree.bngPoolId, deviceId: devices.bngId },
      { poolId: tree.cloudPoolId },
    ][Math.floor(at / 3) % 5] ?? { poolId: tree.cloudPoolId };
    return {
      ...place,
      family: ipv6 ? 'ipv6' : 'ipv4',
      prefixLength: lengths[Math.floor(at / 15) % lengths.length] ?? 28,
      holder: `customer-${at % 97}`,
      service: place.deviceId === undefined ? 'cloud' : 'internet',
      ...(certifiedUpTo(at + 1) > certifiedUpTo(at) ? { certify: true } : {}),
    };
  });
}
