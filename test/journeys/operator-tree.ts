/** The pool tree of the journeys: what was imported, regions carved out of it, and pools for sites out of the regions. */
import { expect } from 'vitest';
import type { Api } from '../support/api.js';
import { country, type Delegations } from './delegations.js';

export interface OperatorTree {
  readonly spaceId: string;
  readonly rootId: string;
  /** Everything the root has, as it was imported. */
  readonly prefixes: readonly string[];
  readonly bngPoolId: string;
  readonly dhcpPoolId: string;
  /** Its prefixes are handed out to nobody's device. */
  readonly cloudPoolId: string;
}

export async function planTree(api: Api, delegations: Delegations): Promise<OperatorTree> {
  const space = await api.expect(201, 'POST', '/v1/spaces', { body: { name: 'internet' } });
  const rootId = await importCountry(api, space.id, delegations);
  const root = await api.expect(200, 'GET', `/v1/pools/${rootId}`);
  const carve = async (parentId: string, name: string, ipv4: number, ipv6: number): Promise<string> => {
    const lengths = [{ family: 'ipv4', prefixLength: ipv4 }, { family: 'ipv6', prefixLength: ipv6 }];
    return (await api.expect(201, 'POST', '/v1/pools', { body: { parentId, name, carve: lengths } })).id;
  };
  const north = await carve(rootId, 'north', 13, 34);
  const south = await carve(rootId, 'south', 13, 34);
  return {
    spaceId: space.id,
    rootId,
    prefixes: root.prefixes,
    bngPoolId: await carve(north, 'north/bng-1', 14, 38),
    cloudPoolId: await carve(north, 'north/cloud', 15, 38),
    dhcpPoolId: await carve(south, 'south/dhcp-1', 15, 38),
  };
}

async function importCountry(api: Api, spaceId: string, { text, ipv4Lines, ipv6Lines }: Delegations): Promise<string> {
  const { summary, pools, lines } = await api.expect(201, 'POST', `/v1/imports?spaceId=${spaceId}&countries=${country}`, { body: text });
  expect(summary.refused).toBe(0);
  expect(lines.length).toBe(ipv4Lines + ipv6Lines);
  expect(summary.created + summary.split + summary.merged).toBe(ipv4Lines + ipv6Lines);
  expect(pools).toHaveLength(1);
  return pools[0].poolId;
}
