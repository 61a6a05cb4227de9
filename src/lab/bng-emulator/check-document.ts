/**
 * What a BNG looks at before it takes a document: shape, families, overlaps, and that revisions never go back. Says
 * everything that is wrong, not only the first thing. Takes nothing on trust and changes nothing.
 */
import type { DeviceDocument, DocumentRange } from '../../model/document.js';
import { comparePrefixes, contains, formatPrefix, parseAddress, parsePrefix, type Prefix } from '../../model/prefix.js';

export type CheckedDocument = { readonly document: DeviceDocument } | { readonly errors: readonly string[] };

/** @param held what the BNG has now, if anything; a document for another device or of an older revision is refused. */
export function checkDocument(value: unknown, held: DeviceDocument | null): CheckedDocument {
  if (!isDocument(value)) return { errors: ['this is not a device document'] };
  const errors: string[] = [];
  if (held !== null && value.device !== held.device) errors.push(`the document is for device ${value.device}, this is ${held.device}`);
  if (held !== null && BigInt(value.revision) < BigInt(held.revision)) errors.push(`revision ${value.revision} is older than revision ${held.revision}, which is held`);
  const prefixes = value.ranges.map((range) => checkRange(range, errors)).filter((prefix) => prefix !== null);
  // Sorted, a prefix that lies in an earlier one lies in the last that did not itself lie in another.
  let outer: Prefix | undefined;
  for (const prefix of prefixes.sort(comparePrefixes)) {
    if (outer !== undefined && contains(outer, prefix)) errors.push(`range ${formatPrefix(prefix)} overlaps ${formatPrefix(outer)}`);
    else outer = prefix;
  }
  return errors.length > 0 ? { errors: errors.slice(0, 100) } : { document: value };
}

function checkRange(range: DocumentRange, errors: string[]): Prefix | null {
  try {
    const prefix = parsePrefix(range.prefix);
    if (prefix.family !== range.family) errors.push(`range ${range.prefix} is not ${range.family}`);
    if (range.delegatedLength !== null && (prefix.family !== 'ipv6' || range.delegatedLength < prefix.length)) {
      errors.push(`range ${range.prefix} cannot be delegated in /${range.delegatedLength}`);
    }
    for (const text of [range.gateway, range.lowerAddress, range.upperAddress]) {
      if (text === null) continue;
      const { family, address } = parseAddress(text);
      const host = { family, first: address, length: family === 'ipv4' ? 32 : 128 };
      if (!contains(prefix, host)) errors.push(`${text} is not in range ${range.prefix}`);
    }
    return prefix;
  } catch (error) {
    errors.push(`range ${range.id}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function isDocument(value: unknown): value is DeviceDocument {
  if (!isRecord(value)) return false;
  const { device, revision, ranges, resources } = value;
  return typeof device === 'string' && typeof revision === 'string' && /^\d{1,19}$/.test(revision) && Array.isArray(ranges) && ranges.every(isRange) && Array.isArray(resources);
}

function isRange(value: unknown): value is DocumentRange {
  if (!isRecord(value)) return false;
  const textOrNull = [value['gateway'], value['lowerAddress'], value['upperAddress']];
  return (
    [value['id'], value['prefix'], value['family']].every((each) => typeof each === 'string') &&
    (value['state'] === 'active' || value['state'] === 'draining') &&
    textOrNull.every((each) => each === null || typeof each === 'string') &&
    (value['delegatedLength'] === null || typeof value['delegatedLength'] === 'number')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
