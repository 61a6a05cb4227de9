import type { Device, Domain } from '../../model/device.js';
import type { Labels } from '../../model/space.js';
import { lockDelivery, markStale } from '../../storage/deliveries.js';
import * as devices from '../../storage/devices.js';
import { keepPools } from '../../storage/pools.js';
import { found } from '../not-found.js';
import { checkVersion } from '../precondition.js';
import type { Work } from '../work.js';
import { checkDomains, checkReach } from './device-rules.js';

export interface DeviceUpdate {
  readonly deviceId: string;
  readonly ifMatch?: string;
  readonly name?: string;
  readonly endpoint?: string;
  readonly credentials?: devices.Credentials;
  readonly domains?: readonly Domain[];
  readonly labels?: Labels;
  readonly state?: 'active' | 'suspended';
}

/** @throws CasmError `device-not-found`, `precondition-failed`, and what createDevice throws */
export async function updateDevice(work: Work, update: DeviceUpdate): Promise<Device> {
  const { tx, box } = work;
  if (update.domains !== undefined) await keepPools(tx, update.domains.map(({ poolId }) => poolId));
  await lockDelivery(tx, update.deviceId);
  const before = found(await devices.lockDevice(tx, update.deviceId), 'device', update.deviceId);
  checkVersion(update.ifMatch, before.version);
  const { name = before.name, endpoint = before.endpoint, domains = before.domains, labels = before.labels, state = before.state } = update;
  checkReach({ ...before, endpoint, credentialNames: update.credentials === undefined ? before.credentialNames : Object.keys(update.credentials) });
  if (update.domains !== undefined) await checkDomains(tx, before, domains);
  await devices.updateDevice(tx, { id: before.id, name, endpoint, domains, labels, state });
  if (update.credentials !== undefined) await devices.replaceCredentials(tx, box, before.id, update.credentials);
  if (update.endpoint !== undefined || update.credentials !== undefined || update.state !== undefined) await markStale(tx, before.id, { now: true });
  const after = found(await devices.findDevice(tx, before.id), 'device', before.id);
  work.audit({ resourceType: 'device', resourceId: after.id, before, after });
  return after;
}
