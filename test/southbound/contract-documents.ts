/** Documents as the controller would render them, small enough to read: what the adapters' tests are made of. */
import type { DeviceDocument, DocumentRange } from '../../src/model/document.js';
import { formatAddress, parsePrefix, prefixLast } from '../../src/model/prefix.js';

export const deviceId = '0198c0de-0000-7000-8000-000000000001';

const shared = {
  state: 'active',
  holder: 'acme',
  service: 'internet',
  routes: { announce: true, discardRoute: true, tag: 0 },
  lifetimes: { preferred: 3600, valid: 7200, t1: 1800, t2: 3150 },
} as const;

export function documentOf(revision: string, ranges: readonly DocumentRange[]): DeviceDocument {
  return { device: deviceId, revision, space: 'internet', ranges, resources: [] };
}

/** The first usable address is the gateway, the others are handed out. */
export function v4Range(text: string): DocumentRange {
  const prefix = parsePrefix(text);
  const at = (address: bigint): string => formatAddress('ipv4', address);
  return {
    ...shared,
    id: `range-${text}`,
    prefix: text,
    family: 'ipv4',
    gateway: at(prefix.first + 1n),
    delegatedLength: null,
    lowerAddress: at(prefix.first + 2n),
    upperAddress: at(prefixLast(prefix) - 1n),
  };
}

export function v6DelegatedRange(text: string, delegatedLength: number): DocumentRange {
  return { ...shared, id: `range-${text}`, prefix: text, family: 'ipv6', gateway: null, delegatedLength, lowerAddress: null, upperAddress: null };
}

export function v6AddressRange(text: string): DocumentRange {
  const prefix = parsePrefix(text);
  const at = (address: bigint): string => formatAddress('ipv6', address);
  return { ...v6DelegatedRange(text, 0), delegatedLength: null, lowerAddress: at(prefix.first + 1n), upperAddress: at(prefixLast(prefix)) };
}
