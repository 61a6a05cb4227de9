/** Addresses and pools as the server reads them, with its own complaints. */
import { contains, type Family, familyBits, parseAddress, parsePrefix, type Prefix, prefixAround, prefixLast } from '../../model/prefix.js';
import { type JsonObject, Refusal, stringIn } from './kea-json.js';

export interface PoolRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** @throws Refusal */
export function readAddress(text: string, family?: Family): bigint {
  try {
    const parsed = parseAddress(text);
    if (family === undefined || parsed.family === family) return parsed.address;
  } catch {
    // refused below
  }
  throw new Refusal(`Failed to convert string to address '${text}': Invalid argument`);
}

/** The prefix of a subnet; host bits are taken and ignored. @throws Refusal */
export function readSubnetPrefix(subnet: JsonObject, family: Family): Prefix {
  const text = stringIn(subnet, 'subnet');
  if (text === undefined) throw new Refusal('subnet configuration failed: mandatory \'subnet\' parameter is missing for a subnet being configured');
  const slash = text.indexOf('/');
  const length = Number(text.slice(slash + 1));
  if (slash < 0 || !Number.isInteger(length) || length < 0 || length > familyBits(family)) {
    throw new Refusal(`subnet configuration failed: Invalid subnet syntax (prefix/len expected):${text}`);
  }
  return prefixAround(family, readAddress(text.slice(0, slash), family), length);
}

/** `first - last` or a prefix. @throws Refusal */
export function readPool(text: string, family: Family): PoolRange {
  const sides = text.split('-').map((side) => side.trim());
  if (sides.length === 1 && text.includes('/')) {
    try {
      const prefix = parsePrefix(text.trim());
      if (prefix.family === family) return { first: prefix.first, last: prefixLast(prefix) };
    } catch {
      // refused below
    }
    throw new Refusal(`Failed to parse pool definition: ${text}`);
  }
  const [lower, upper, more] = sides;
  if (lower === undefined || upper === undefined || more !== undefined) {
    throw new Refusal(`invalid pool definition: ${text}. There are two acceptable formats <min address-max address> or <prefix/len>`);
  }
  const pool = { first: readPoolEnd(lower, text, family), last: readPoolEnd(upper, text, family) };
  if (pool.first > pool.last) throw new Refusal(`Failed to create pool defined by: ${text}`);
  return pool;
}

export function isInside(prefix: Prefix, address: bigint): boolean {
  return contains(prefix, { family: prefix.family, first: address, length: familyBits(prefix.family) });
}

function readPoolEnd(side: string, text: string, family: Family): bigint {
  try {
    return readAddress(side, family);
  } catch {
    throw new Refusal(`Failed to parse pool definition: ${text}`);
  }
}
