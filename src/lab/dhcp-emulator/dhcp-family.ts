/** The names in which the DHCPv4 and the DHCPv6 server of the emulator differ. */
import type { Family } from '../../model/prefix.js';

export interface DhcpFamily {
  readonly service: 'dhcp4' | 'dhcp6';
  readonly family: Family;
  readonly digit: 4 | 6;
  readonly root: 'Dhcp4' | 'Dhcp6';
  readonly subnets: 'subnet4' | 'subnet6';
  readonly label: 'IPv4' | 'IPv6';
}

export const dhcpFamilies: readonly DhcpFamily[] = [
  { service: 'dhcp4', family: 'ipv4', digit: 4, root: 'Dhcp4', subnets: 'subnet4', label: 'IPv4' },
  { service: 'dhcp6', family: 'ipv6', digit: 6, root: 'Dhcp6', subnets: 'subnet6', label: 'IPv6' },
];
