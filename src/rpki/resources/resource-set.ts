/** Internet number resources: IPv4, IPv6 and AS numbers together, with the algebra of their three range sets. */
import { prefixLast, type Prefix } from '../../model/prefix.js';
import { containsSet, differenceOf, emptySet, equalSets, intersectionOf, rangeSet, unionOf, type RangeSet } from './range-set.js';

export type ResourceType = 'asn' | 'ipv4' | 'ipv6';

export const resourceTypes: readonly ResourceType[] = ['asn', 'ipv4', 'ipv6'];

export type ResourceSet = Readonly<Record<ResourceType, RangeSet>>;

export const noResources: ResourceSet = { asn: emptySet, ipv4: emptySet, ipv6: emptySet };

/** The highest number of the type: 2^32−1, or 2^128−1. */
export function highestOf(type: ResourceType): bigint {
  return type === 'ipv6' ? (1n << 128n) - 1n : (1n << 32n) - 1n;
}

/** The addresses of prefixes; AS numbers stay empty. */
export function resourcesOfPrefixes(prefixes: readonly Prefix[]): ResourceSet {
  const of = (family: Prefix['family']): RangeSet =>
    rangeSet(prefixes.filter((prefix) => prefix.family === family).map((prefix) => ({ first: prefix.first, last: prefixLast(prefix) })));
  return { asn: emptySet, ipv4: of('ipv4'), ipv6: of('ipv6') };
}

function combine(operation: (a: RangeSet, b: RangeSet) => RangeSet, a: ResourceSet, b: ResourceSet): ResourceSet {
  return { asn: operation(a.asn, b.asn), ipv4: operation(a.ipv4, b.ipv4), ipv6: operation(a.ipv6, b.ipv6) };
}

export function unionOfResources(a: ResourceSet, b: ResourceSet): ResourceSet {
  return combine(unionOf, a, b);
}

export function intersectionOfResources(a: ResourceSet, b: ResourceSet): ResourceSet {
  return combine(intersectionOf, a, b);
}

/** What is in `a` and not in `b`. */
export function differenceOfResources(a: ResourceSet, b: ResourceSet): ResourceSet {
  return combine(differenceOf, a, b);
}

export function containsResources(outer: ResourceSet, inner: ResourceSet): boolean {
  return resourceTypes.every((type) => containsSet(outer[type], inner[type]));
}

export function equalResources(a: ResourceSet, b: ResourceSet): boolean {
  return resourceTypes.every((type) => equalSets(a[type], b[type]));
}

export function isEmpty(resources: ResourceSet): boolean {
  return resourceTypes.every((type) => resources[type].length === 0);
}
