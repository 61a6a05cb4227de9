/** What differs between the two servers behind a Kea control agent: names only. The rest of the adapter is written once. */
import type { Family } from '../../../model/prefix.js';

export interface KeaService {
  readonly name: 'dhcp4' | 'dhcp6';
  readonly family: Family;
  /** The one key of its configuration, and that of the list of subnets in it. */
  readonly root: 'Dhcp4' | 'Dhcp6';
  readonly subnets: 'subnet4' | 'subnet6';
  readonly leasePage: 'lease4-get-page' | 'lease6-get-page';
  readonly leaseDelete: 'lease4-del' | 'lease6-del';
  readonly statistics: 'stat-lease4-get' | 'stat-lease6-get';
}

export const keaServices: readonly KeaService[] = [
  {
    name: 'dhcp4',
    family: 'ipv4',
    root: 'Dhcp4',
    subnets: 'subnet4',
    leasePage: 'lease4-get-page',
    leaseDelete: 'lease4-del',
    statistics: 'stat-lease4-get',
  },
  {
    name: 'dhcp6',
    family: 'ipv6',
    root: 'Dhcp6',
    subnets: 'subnet6',
    leasePage: 'lease6-get-page',
    leaseDelete: 'lease6-del',
    statistics: 'stat-lease6-get',
  },
];
