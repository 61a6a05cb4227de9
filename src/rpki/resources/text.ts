/**
 * The text form of resource sets in RFC 6492 §3.3.2: comma-separated, sorted, merged, "" for none. Writing is
 * canonical. Reading takes any order and blanks after commas, because deployed parents send them; nothing looser.
 */
import { coverRange, formatAddress, formatPrefix, parseAddress, parsePrefix, prefixLast, type Family } from '../../model/prefix.js';
import { malformed, RpkiError } from '../rpki-error.js';
import { rangeSet, type Range, type RangeSet } from './range-set.js';
import { highestOf, type ResourceSet, type ResourceType } from './resource-set.js';

export type ResourceText = Readonly<Record<ResourceType, string>>;

export function formatResources(resources: ResourceSet): ResourceText {
  return {
    asn: formatRanges('asn', resources.asn),
    ipv4: formatRanges('ipv4', resources.ipv4),
    ipv6: formatRanges('ipv6', resources.ipv6),
  };
}

/** @throws RpkiError `malformed` */
export function parseResources(text: ResourceText): ResourceSet {
  return { asn: parseRanges('asn', text.asn), ipv4: parseRanges('ipv4', text.ipv4), ipv6: parseRanges('ipv6', text.ipv6) };
}

export function formatRanges(type: ResourceType, set: RangeSet): string {
  return set.map((range) => (type === 'asn' ? formatAsRange(range) : formatAddressRange(type, range))).join(',');
}

function formatAsRange({ first, last }: Range): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

function formatAddressRange(family: Family, { first, last }: Range): string {
  const [prefix, ...others] = coverRange(family, first, last);
  if (prefix !== undefined && others.length === 0) return formatPrefix(prefix);
  return `${formatAddress(family, first)}-${formatAddress(family, last)}`;
}

/** @throws RpkiError `malformed` */
export function parseRanges(type: ResourceType, text: string): RangeSet {
  if (text.trim() === '') return [];
  return rangeSet(text.split(',').map((item) => parseRange(type, item.trim())));
}

function parseRange(type: ResourceType, item: string): Range {
  try {
    const range = type === 'asn' ? parseAsRange(item) : parseAddressRange(type, item);
    if (range.first > range.last || range.last > highestOf(type)) throw malformed('out of order or out of range');
    return range;
  } catch (cause) {
    throw new RpkiError('malformed', `"${item}" is not a resource of type ${type}`, { cause });
  }
}

function parseAsRange(item: string): Range {
  const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(item);
  if (match?.[1] === undefined) throw malformed('not an AS number');
  return { first: BigInt(match[1]), last: BigInt(match[2] ?? match[1]) };
}

function parseAddressRange(family: Family, item: string): Range {
  const [low = '', high] = item.split('-');
  if (high === undefined && low.includes('/')) {
    const prefix = parsePrefix(low);
    if (prefix.family !== family) throw malformed('of the other family');
    return { first: prefix.first, last: prefixLast(prefix) };
  }
  const first = parseAddress(low);
  const last = parseAddress(high ?? low);
  if (first.family !== family || last.family !== family) throw malformed('of the other family');
  return { first: first.address, last: last.address };
}
