/**
 * Carries out the plan over the northbound API, as an operator would. What is there already, by its name or label, is left
 * as it is, so a seed that broke off is taken up where it stopped; each creation has its own Idempotency-Key besides.
 */
import type { Northbound, NorthboundClient } from './northbound-client.js';
import { plannedAllocations, plannedPools, spaceName, type PlannedDevice } from './plan.js';

/** Where a device is reached, and with which secrets. */
export interface Peer {
  readonly endpoint: string;
  readonly credentials?: Readonly<Record<string, string>>;
}

export async function findOrCreateSpace(api: NorthboundClient): Promise<Northbound['Space']> {
  const found = (await api.spaces()).find((space) => space.name === spaceName);
  return found ?? api.createSpace({ name: spaceName, description: 'The public internet, and what is translated into it', labels: {} }, `lab-space-${spaceName}`);
}

/** @returns the id of each planned pool by its name. */
export async function seedPools(api: NorthboundClient, spaceId: string): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  for (const { name, parent, prefixes = [], carve = [], policy, labels } of plannedPools) {
    const [found] = await api.pools(spaceId, name);
    const more = { name, labels, ...(policy === undefined ? {} : { policy }) };
    const body: Northbound['PoolRequest'] = parent === undefined ? { spaceId, prefixes: [...prefixes], ...more } : { parentId: known(ids, parent), carve: [...carve], ...more };
    ids.set(name, (found ?? (await api.createPool(body, `lab-pool-${name}`))).id);
  }
  return ids;
}

/** @param pools needed for a device that has domains */
export async function findOrCreateDevice(api: NorthboundClient, spaceId: string, device: PlannedDevice, pools: ReadonlyMap<string, string>, peer?: Peer): Promise<Northbound['Device']> {
  const { name, kind, adapter } = device;
  const found = await findDevice(api, name);
  if (found !== undefined) return found;
  const domains = device.domains.map(({ pool, ...domain }) => ({ ...domain, poolId: known(pools, pool) }));
  return api.createDevice({ name, kind, adapter, spaceId, domains, labels: { lab: 'emulated' }, ...peer }, `lab-device-${name}`);
}

export async function findDevice(api: NorthboundClient, name: string): Promise<Northbound['Device'] | undefined> {
  return (await api.devices(name)).find((device) => device.name === name);
}

export async function seedAllocations(api: NorthboundClient, pools: ReadonlyMap<string, string>, devices: ReadonlyMap<string, string>): Promise<void> {
  for (const { name, pool, device, ...request } of plannedAllocations) {
    if ((await api.allocations(`lab=${name}`)).length > 0) continue;
    const deviceId = device === undefined ? {} : { deviceId: known(devices, device) };
    await api.allocate({ ...request, poolId: known(pools, pool), labels: { lab: name }, ...deviceId }, `lab-allocation-${name}`);
  }
}

function known(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`the plan names ${name} before it is made`);
  return id;
}
