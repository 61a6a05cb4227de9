/**
 * A whole configuration as the server takes it: every subnet checked, ids unique, prefixes too; nested ones are let by.
 * Shown in order of id.
 */
import { formatPrefix } from '../../model/prefix.js';
import type { DhcpFamily } from './dhcp-family.js';
import { integerIn, type JsonObject, mapsIn, Refusal } from './kea-json.js';
import { lifetimesOf } from './lifetimes.js';
import { knownInServer, serverDefaults } from './parameters.js';
import { checkSubnet } from './subnet-check.js';

const lastSubnetId = 4_294_967_294;

/** @returns what config-get shows from now on. @throws Refusal */
export function checkConfiguration(given: JsonObject, at: DhcpFamily): JsonObject {
  const unknown = Object.keys(given).find((key) => !knownInServer(at).has(key) && key !== at.subnets);
  if (unknown !== undefined) throw new Refusal(`unsupported global configuration parameter: ${unknown}`);
  const server: JsonObject = { ...serverDefaults(at), ...given };
  const ids = new Set<number>();
  const prefixes = new Set<string>();
  const checkAll = (holder: JsonObject, around: JsonObject): JsonObject[] => {
    const shown = mapsIn(holder, at.subnets).map((subnet) => {
      const { prefix, shown } = checkSubnet(subnet, around, at);
      const id = subnetIdOf(subnet, ids);
      if (ids.has(id)) throw new Refusal(`ID of the new ${at.label} subnet '${id}' is already in use`);
      if (prefixes.has(formatPrefix(prefix))) throw new Refusal(`subnet with the prefix of '${formatPrefix(prefix)}' already exists`);
      ids.add(id);
      prefixes.add(formatPrefix(prefix));
      return { ...shown, id };
    });
    return shown.sort((a, b) => a.id - b.id);
  };
  const own = checkAll(server, server);
  const networks = mapsIn(server, 'shared-networks').map((network): JsonObject => {
    const lifetimes = lifetimesOf(network, server, at.digit === 4 ? ['valid-lifetime'] : ['valid-lifetime', 'preferred-lifetime']);
    return { 'option-data': [], relay: { 'ip-addresses': [] }, ...network, ...lifetimes, [at.subnets]: checkAll(network, { ...server, ...network }) };
  });
  return { ...server, [at.subnets]: own, 'shared-networks': networks };
}

/** Every subnet of a checked configuration. */
export function subnetsOf(configuration: JsonObject, at: DhcpFamily): JsonObject[] {
  return [configuration, ...mapsIn(configuration, 'shared-networks')].flatMap((holder) => mapsIn(holder, at.subnets));
}

/** Without an id, or with 0, the server takes the lowest that is free. */
function subnetIdOf(subnet: JsonObject, taken: ReadonlySet<number>): number {
  const given = integerIn(subnet, 'id') ?? 0;
  if (given < 0 || given > lastSubnetId) throw new Refusal(`subnet configuration failed: The 'id' value (${given}) is not within expected range: (0 - ${lastSubnetId})`);
  if (given !== 0) return given;
  let id = 1;
  while (taken.has(id)) id += 1;
  return id;
}
