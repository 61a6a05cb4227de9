/**
 * Reads a subnet as Kea holds it: whose it is, where it lies, what it hands out. Pure; trusts no shape. How a range
 * becomes a subnet is written in range-subnet.ts.
 */
import { familyBits, parseAddress, parsePrefix, type Prefix, prefixAround, prefixLast } from '../../../model/prefix.js';
import { Reject } from '../../adapter.js';
import { isObject, type Json, type JsonObject, objectsIn } from './exact-json.js';

/** First and last address, both included. */
export interface AddressPool {
  readonly first: bigint;
  readonly last: bigint;
}

/** Which device and which range the subnet was made for; null for a subnet of others. */
export function ownerOf(subnet: JsonObject): { device: string; range: string } | null {
  const context = subnet['user-context'];
  const tag = isObject(context) ? context['casm'] : undefined;
  if (!isObject(tag)) return null;
  const { device, range } = tag;
  return typeof device === 'string' && typeof range === 'string' ? { device, range } : null;
}

/** Kea takes host bits in the prefix of a subnet and ignores them; so do we. @throws Reject */
export function subnetPrefix(subnet: JsonObject): Prefix {
  return understood(subnet['subnet'], (text) => {
    const slash = text.indexOf('/');
    const { family, address } = parseAddress(text.slice(0, slash));
    const length = Number(text.slice(slash + 1));
    if (slash < 0 || !Number.isInteger(length) || length < 0 || length > familyBits(family)) throw new RangeError('no such length');
    return prefixAround(family, address, length);
  });
}

/** 0, which Kea never uses, where there is none. */
export function subnetId(subnet: JsonObject): number {
  return typeof subnet['id'] === 'number' ? subnet['id'] : 0;
}

/** A pool in either of Kea's spellings: first - last, or a prefix. @throws Reject */
export function addressPool(pool: JsonObject): AddressPool {
  return understood(pool['pool'], (text) => {
    const [lower = '', upper] = text.split('-').map((side) => side.trim());
    if (upper !== undefined) return { first: parseAddress(lower).address, last: parseAddress(upper).address };
    const prefix = parsePrefix(lower);
    return { first: prefix.first, last: prefixLast(prefix) };
  });
}

/** Addresses, or for delegated pools prefixes, that the subnet can hand out. Kea itself counts -1 beyond 2^63. @throws Reject */
export function capacityOf(subnet: JsonObject): bigint {
  const delegated = objectsIn(subnet['pd-pools']);
  if (delegated.length > 0) return delegated.reduce((sum, pool) => sum + delegatedCount(pool), 0n);
  return objectsIn(subnet['pools'])
    .map(addressPool)
    .reduce((sum, pool) => sum + pool.last - pool.first + 1n, 0n);
}

/** It hands out to anybody, rather than to nobody or to a class only. */
export function isActive(subnet: JsonObject): boolean {
  const pools = [...objectsIn(subnet['pools']), ...objectsIn(subnet['pd-pools'])];
  return pools.length > 0 && pools.every((pool) => pool['client-class'] === undefined);
}

function delegatedCount(pool: JsonObject): bigint {
  const bits = Number(pool['delegated-len']) - Number(pool['prefix-len']);
  return Number.isInteger(bits) && bits >= 0 && bits <= familyBits('ipv6') ? 1n << BigInt(bits) : 0n;
}

function understood<T>(value: Json | undefined, read: (text: string) => T): T {
  try {
    return read(String(value));
  } catch (error) {
    throw new Reject(`the server holds what cannot be understood: ${JSON.stringify(value)}`, { cause: error });
  }
}
