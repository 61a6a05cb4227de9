/**
 * A prefix: a CIDR value, v4 or v6, always canonical. Arithmetic is on BigInt, so a /0 of IPv6 is as exact as a /32 of
 * IPv4. Text comes in through parsePrefix, which refuses host bits rather than dropping them, and leaves as RFC 5952.
 */
import { Address4, Address6 } from 'ip-address';
import { CasmError } from './errors.js';

export type Family = 'ipv4' | 'ipv6';

export interface Prefix {
  readonly family: Family;
  /** The first address, as a number. */
  readonly first: bigint;
  /** The prefix length in bits: 0 to 32, or 0 to 128. */
  readonly length: number;
}

export function familyBits(family: Family): 32 | 128 {
  return family === 'ipv4' ? 32 : 128;
}

/** How many addresses the prefix holds. */
export function prefixSize(prefix: Prefix): bigint {
  return 1n << BigInt(familyBits(prefix.family) - prefix.length);
}

export function prefixLast(prefix: Prefix): bigint {
  return prefix.first + prefixSize(prefix) - 1n;
}

/** @throws CasmError `invalid-prefix`, with the canonical form to use when only host bits are in the way. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const lengthText = slash < 0 ? '' : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText)) {
    throw new CasmError('invalid-prefix', `"${text}" is not a prefix: write address/length, such as 192.0.2.0/24`);
  }
  const { family, address } = parseAddress(text.slice(0, slash));
  const length = Number(lengthText);
  if (length > familyBits(family)) {
    throw new CasmError('invalid-prefix', `"${text}" is not a prefix: the length of ${family} is at most ${familyBits(family)}`);
  }
  const prefix = prefixAround(family, address, length);
  if (prefix.first !== address) {
    const canonical = formatPrefix(prefix);
    throw new CasmError('invalid-prefix', `"${text}" has bits set beyond its length; the prefix there is ${canonical}`, { canonical });
  }
  return prefix;
}

/** @throws CasmError `invalid-prefix` */
export function parseAddress(text: string): { family: Family; address: bigint } {
  try {
    if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
      return { family: 'ipv4', address: new Address4(text).bigInt() };
    }
    if (/^[0-9a-fA-F:.]+$/.test(text) && text.includes(':')) {
      return { family: 'ipv6', address: new Address6(text).bigInt() };
    }
  } catch {
    // the sentence below says more than the parser's own
  }
  throw new CasmError('invalid-prefix', `"${text}" is not an IPv4 or IPv6 address`);
}

/** A prefix or a single address; an address becomes its host prefix (/32 or /128). */
export function parsePrefixOrAddress(text: string): Prefix {
  if (text.includes('/')) return parsePrefix(text);
  const { family, address } = parseAddress(text);
  return { family, first: address, length: familyBits(family) };
}

export function formatAddress(family: Family, address: bigint): string {
  if (family === 'ipv6') return Address6.fromBigInt(address).correctForm();
  const n = Number(address);
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.family, prefix.first)}/${prefix.length}`;
}

/** The prefix of that length in which the address lies. */
export function prefixAround(family: Family, address: bigint, length: number): Prefix {
  const shift = BigInt(familyBits(family) - length);
  return { family, first: (address >> shift) << shift, length };
}

/** True when `inner` lies in `outer` or is equal to it. */
export function contains(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && outer.length <= inner.length && prefixAround(outer.family, inner.first, outer.length).first === outer.first;
}

/** Two prefixes overlap when one contains the other: CIDR blocks never overlap half. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a);
}

/** v4 before v6, then by first address, then the larger prefix first. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family === 'ipv4' ? -1 : 1;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.length - b.length;
}

export function samePrefix(a: Prefix, b: Prefix): boolean {
  return comparePrefixes(a, b) === 0;
}

/** The other half of the prefix one bit shorter. @throws RangeError for a /0, which has none. */
export function buddy(prefix: Prefix): Prefix {
  if (prefix.length === 0) throw new RangeError('a /0 has no buddy');
  return { ...prefix, first: prefix.first ^ prefixSize(prefix) };
}

export function parentPrefix(prefix: Prefix): Prefix {
  return prefixAround(prefix.family, prefix.first, prefix.length - 1);
}

/** The fewest prefixes that cover exactly the addresses from `first` to `last`, in order. */
export function coverRange(family: Family, first: bigint, last: bigint): Prefix[] {
  const prefixes: Prefix[] = [];
  const bits = familyBits(family);
  for (let at = first; at <= last; ) {
    let length = bits;
    while (length > 0) {
      const wider = prefixAround(family, at, length - 1);
      if (wider.first !== at || prefixLast(wider) > last) break;
      length -= 1;
    }
    const prefix = { family, first: at, length };
    prefixes.push(prefix);
    at = prefixLast(prefix) + 1n;
  }
  return prefixes;
}

/** The fewest prefixes that cover the same addresses: contained ones dropped, buddies joined; sorted. */
export function aggregate(prefixes: readonly Prefix[]): Prefix[] {
  const joined: Prefix[] = [];
  for (let next of prefixes.toSorted(comparePrefixes)) {
    const top = joined.at(-1);
    if (top !== undefined && contains(top, next)) continue;
    for (let left = joined.at(-1); left !== undefined && next.length > 0; left = joined.at(-1)) {
      if (!samePrefix(buddy(next), left)) break;
      joined.pop();
      next = parentPrefix(next);
    }
    joined.push(next);
  }
  return joined;
}

/** What is left of `whole` once `taken` (which lies in it) is cut out: maximal aligned blocks, sorted. */
export function subtract(whole: Prefix, taken: Prefix): Prefix[] {
  const rest: Prefix[] = [];
  for (let at = taken; at.length > whole.length; at = parentPrefix(at)) rest.push(buddy(at));
  return rest.sort(comparePrefixes);
}
