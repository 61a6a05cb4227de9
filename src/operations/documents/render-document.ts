/** State → document: pure, the same for push and pull, so that the two cannot disagree. */
import type { Device } from '../../model/device.js';
import type { DeviceDocument, DocumentRange } from '../../model/document.js';
import { familyBits, formatAddress, parsePrefix, prefixLast, type Prefix } from '../../model/prefix.js';
import type { AllocationState } from '../../model/allocation.js';

export interface Served {
  readonly id: string;
  readonly prefix: string;
  readonly state: AllocationState;
  readonly holder: string;
  readonly service: string;
  readonly originAs: number | null;
}

/** Seconds; T1 and T2 are a half and seven eighths of the preferred lifetime's reach (RFC 2131 §4.4.5). */
const lifetimes = { preferred: 3600, valid: 7200, t1: 1800, t2: 3150 };

export function renderDocument(device: Device, revision: string, served: readonly Served[], certified: readonly Served[]): DeviceDocument {
  return {
    device: device.id,
    revision,
    space: device.spaceId,
    ranges: served.map(renderRange),
    resources: certified.map(({ id, prefix, originAs }) => ({ id, prefix, family: parsePrefix(prefix).family, originAs })),
  };
}

function renderRange({ id, prefix: text, state, holder, service }: Served): DocumentRange {
  const prefix = parsePrefix(text);
  return {
    id,
    prefix: text,
    family: prefix.family,
    state: state === 'draining' || state === 'drained' ? 'draining' : 'active',
    holder,
    service,
    ...addressing(prefix),
    routes: { announce: true, discardRoute: true, tag: 0 },
    lifetimes,
  };
}

type Addressing = Pick<DocumentRange, 'gateway' | 'delegatedLength' | 'lowerAddress' | 'upperAddress'>;

function addressing(prefix: Prefix): Addressing {
  return prefix.family === 'ipv4' ? addressingOfIpv4(prefix) : addressingOfIpv6(prefix);
}

/** Network and broadcast stay unused, except on /31 and /32 (RFC 3021). The device takes the first usable address. */
function addressingOfIpv4(prefix: Prefix): Addressing {
  const address = (value: bigint): string => formatAddress('ipv4', value);
  const { first, length } = prefix;
  const last = prefixLast(prefix);
  if (length === 32) return { gateway: null, delegatedLength: null, lowerAddress: address(first), upperAddress: address(first) };
  if (length === 31) return { gateway: address(first), delegatedLength: null, lowerAddress: address(last), upperAddress: address(last) };
  return { gateway: address(first + 1n), delegatedLength: null, lowerAddress: address(first + 2n), upperAddress: address(last - 1n) };
}

/** Shorter than /64 a range is delegated: /56 a site, /64 where it is itself a site (RFC 6177, RIPE-690). Else addresses. */
function addressingOfIpv6(prefix: Prefix): Addressing {
  const { first, length } = prefix;
  if (length < 64) return { gateway: null, delegatedLength: length < 56 ? 56 : 64, lowerAddress: null, upperAddress: null };
  // The all-zero interface identifier is the subnet-router anycast address (RFC 4291 §2.6.1); /127 and /128 use all (RFC 6164).
  const lower = familyBits('ipv6') - length <= 1 ? first : first + 1n;
  return { gateway: null, delegatedLength: null, lowerAddress: formatAddress('ipv6', lower), upperAddress: formatAddress('ipv6', prefixLast(prefix)) };
}
