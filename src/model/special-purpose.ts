/**
 * The special-purpose address registries (RFC 6890 and its IANA registries), as far as they bear on pools: what may not
 * be a pool prefix unless the root allows it, and what no parent CA certifies.
 */
import { overlaps, parsePrefix, type Prefix } from './prefix.js';

interface SpecialPurposeBlock {
  readonly prefix: Prefix;
  readonly name: string;
}

function block(prefix: string, name: string): SpecialPurposeBlock {
  return { prefix: parsePrefix(prefix), name };
}

const blocks: readonly SpecialPurposeBlock[] = [
  block('0.0.0.0/8', 'this network (RFC 791)'),
  block('10.0.0.0/8', 'private use (RFC 1918)'),
  block('100.64.0.0/10', 'shared address space (RFC 6598)'),
  block('127.0.0.0/8', 'loopback (RFC 1122)'),
  block('169.254.0.0/16', 'link local (RFC 3927)'),
  block('172.16.0.0/12', 'private use (RFC 1918)'),
  block('192.0.0.0/24', 'IETF protocol assignments (RFC 6890)'),
  block('192.0.2.0/24', 'documentation (RFC 5737)'),
  block('192.31.196.0/24', 'AS112-v4 (RFC 7535)'),
  block('192.52.193.0/24', 'AMT (RFC 7450)'),
  block('192.88.99.0/24', 'deprecated 6to4 relay anycast (RFC 7526)'),
  block('192.168.0.0/16', 'private use (RFC 1918)'),
  block('192.175.48.0/24', 'direct delegation AS112 (RFC 7534)'),
  block('198.18.0.0/15', 'benchmarking (RFC 2544)'),
  block('198.51.100.0/24', 'documentation (RFC 5737)'),
  block('203.0.113.0/24', 'documentation (RFC 5737)'),
  block('224.0.0.0/4', 'multicast (RFC 5771)'),
  block('240.0.0.0/4', 'reserved (RFC 1112)'),
  block('64:ff9b::/96', 'IPv4-IPv6 translation (RFC 6052)'),
  block('64:ff9b:1::/48', 'local-use IPv4-IPv6 translation (RFC 8215)'),
  // After the blocks inside it, whose names say more.
  block('::/8', 'reserved by the IETF, with loopback and mapped addresses (RFC 4291)'),
  block('100::/64', 'discard-only (RFC 6666)'),
  block('2001::/23', 'IETF protocol assignments (RFC 2928)'),
  block('2001:db8::/32', 'documentation (RFC 3849)'),
  block('2002::/16', '6to4 (RFC 3056)'),
  block('2620:4f:8000::/48', 'direct delegation AS112 (RFC 7534)'),
  block('3fff::/20', 'documentation (RFC 9637)'),
  block('5f00::/16', 'segment routing SIDs (RFC 9602)'),
  block('fc00::/7', 'unique local (RFC 4193)'),
  block('fe80::/10', 'link local (RFC 4291)'),
  block('ff00::/8', 'multicast (RFC 4291)'),
];

/** The first special-purpose block that the prefix touches, from inside or around it. */
export function specialPurposeOf(prefix: Prefix): { prefix: Prefix; name: string } | undefined {
  return blocks.find((special) => overlaps(special.prefix, prefix));
}
