/** One subnet as the server takes it: checked as Kea 2.2 checks it, and filled up with the defaults it shows. */
import { formatAddress, overlaps, type Prefix, prefixAround, prefixLast } from '../../model/prefix.js';
import { isInside, type PoolRange, readAddress, readPool, readSubnetPrefix } from './addresses.js';
import type { DhcpFamily } from './dhcp-family.js';
import { integerIn, type JsonObject, mapIn, mapsIn, mandatoryString, Refusal } from './kea-json.js';
import { lifetimesOf } from './lifetimes.js';
import { shownOptions } from './options.js';
import { knownInSubnet, subnetDefaults } from './parameters.js';

export interface CheckedSubnet {
  readonly prefix: Prefix;
  /** Everything config-get shows but the id, which the whole configuration decides. */
  readonly shown: JsonObject;
}

/** @param around what the subnet inherits from: its shared network or the server. @throws Refusal */
export function checkSubnet(subnet: JsonObject, around: JsonObject, at: DhcpFamily): CheckedSubnet {
  const spurious = Object.keys(subnet).find((key) => !knownInSubnet(at).has(key));
  if (spurious !== undefined) throw new Refusal(`spurious '${spurious}' parameter`);
  mapIn(subnet, 'user-context');
  const prefix = readSubnetPrefix(subnet, at.family);
  const lifetimes = lifetimesOf(subnet, around, at.digit === 4 ? ['valid-lifetime'] : ['valid-lifetime', 'preferred-lifetime']);
  const shown: JsonObject = { ...subnetDefaults(at), ...subnet, ...lifetimes, 'option-data': shownOptions(subnet, at), pools: shownPools(subnet, prefix, at) };
  if (at.digit === 6) shown['pd-pools'] = shownDelegations(subnet);
  return { prefix, shown };
}

function shownPools(subnet: JsonObject, prefix: Prefix, at: DhcpFamily): JsonObject[] {
  const before: PoolRange[] = [];
  return mapsIn(subnet, 'pools').map((pool) => {
    const range = readPool(mandatoryString(pool, 'pool'), at.family);
    const spelled = `${formatAddress(at.family, range.first)}-${formatAddress(at.family, range.last)}`;
    const told = `subnet configuration failed: a pool of type ${at.digit === 4 ? 'V4' : 'IA_NA'}, with the following address range: ${spelled}`;
    const where = `${String(subnet['subnet'])} to which it is being added`;
    if (!isInside(prefix, range.first) || !isInside(prefix, range.last)) throw new Refusal(`${told} does not match the prefix of a subnet: ${where}`);
    if (before.some((other) => range.first <= other.last && other.first <= range.last)) throw new Refusal(`${told} overlaps with an existing pool in the subnet: ${where}`);
    before.push(range);
    return { ...pool, 'option-data': shownOptions(pool, at), pool: mandatoryString(pool, 'pool').replaceAll(/\s/g, '') };
  });
}

/** Kea does not mind a delegated pool outside of its subnet. */
function shownDelegations(subnet: JsonObject): JsonObject[] {
  const before: Prefix[] = [];
  return mapsIn(subnet, 'pd-pools').map((pool) => {
    const text = mandatoryString(pool, 'prefix');
    const length = integerIn(pool, 'prefix-len') ?? 0;
    const delegated = integerIn(pool, 'delegated-len') ?? 0;
    if (delegated < length) throw new Refusal(`Delegated length (${delegated}) must be longer than or equal to prefix length (${length})`);
    const prefix = prefixAround('ipv6', readAddress(text, 'ipv6'), length);
    if (before.some((other) => overlaps(other, prefix))) {
      const range = `${formatAddress('ipv6', prefix.first)}-${formatAddress('ipv6', prefixLast(prefix))}`;
      throw new Refusal(`subnet configuration failed: a pool of type IA_PD, with the following address range: ${range} overlaps with an existing pool in the subnet: ${String(subnet['subnet'])} to which it is being added`);
    }
    before.push(prefix);
    return { 'option-data': [], ...pool };
  });
}
