/** Options a subnet sends along, filled up to what config-get shows. Knows the standard ones an address pool needs. */
import type { DhcpFamily } from './dhcp-family.js';
import { readAddress } from './addresses.js';
import { integerIn, type JsonObject, mapsIn, Refusal, stringIn } from './kea-json.js';

/** RFC 2132 and RFC 3646, 5908: name → code, and whether the data is a list of addresses. */
const definitions: Readonly<Record<string, readonly (readonly [name: string, code: number, addresses: boolean])[]>> = {
  dhcp4: [
    ['subnet-mask', 1, true],
    ['routers', 3, true],
    ['domain-name-servers', 6, true],
    ['domain-name', 15, false],
    ['interface-mtu', 26, false],
    ['broadcast-address', 28, true],
    ['ntp-servers', 42, true],
  ],
  dhcp6: [
    ['dns-servers', 23, true],
    ['domain-search', 24, false],
    ['sntp-servers', 31, true],
  ],
};

/** @throws Refusal */
export function shownOptions(holder: JsonObject, at: DhcpFamily): JsonObject[] {
  return mapsIn(holder, 'option-data').map((option) => {
    const space = stringIn(option, 'space') ?? at.service;
    const name = stringIn(option, 'name');
    const code = integerIn(option, 'code');
    const known = (definitions[space] ?? []).find((definition) => (name === undefined ? definition[1] === code : definition[0] === name));
    if (known === undefined && code === undefined) throw new Refusal(`definition for the option '${space}.${name ?? ''}' does not exist`);
    const data = stringIn(option, 'data') ?? '';
    if (known?.[2] === true) refuseNonAddresses(data, space, known[1], at);
    return { 'always-send': false, 'csv-format': true, ...option, space, data, code: known?.[1] ?? code ?? 0, ...(known === undefined ? {} : { name: known[0] }) };
  });
}

function refuseNonAddresses(data: string, space: string, code: number, at: DhcpFamily): void {
  for (const address of data.split(',')) {
    try {
      readAddress(address.trim(), at.family);
    } catch (error) {
      throw new Refusal(`option data does not match option definition (space: ${space}, code: ${code}): ${error instanceof Error ? error.message : ''}`);
    }
  }
}
