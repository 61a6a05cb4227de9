/** How much a holder may have: limits in addresses of IPv4 and in /64 subnets of IPv6, in all and for one request. Pure. */
import type { Family } from './prefix.js';

/** Counts by family, as decimal strings; null is no limit. */
export interface QuotaLimits {
  readonly ipv4Addresses: string | null;
  readonly ipv6Subnets: string | null;
  readonly ipv4AddressesPerRequest: string | null;
  readonly ipv6SubnetsPerRequest: string | null;
}

export interface Quota extends QuotaLimits {
  readonly id: string;
  readonly holder: string;
  /** Null: all spaces together. */
  readonly spaceId: string | null;
  readonly used: { readonly ipv4Addresses: string; readonly ipv6Subnets: string };
  readonly version: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a prefix counts: addresses of IPv4; /64 subnets of IPv6, of which anything longer is one. */
export function unitsOf(family: Family, length: number): bigint {
  return family === 'ipv4' ? 1n << BigInt(32 - length) : 1n << BigInt(Math.max(64 - length, 0));
}
