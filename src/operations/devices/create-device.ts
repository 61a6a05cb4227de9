import type { Device, DeviceAdapter, DeviceKind, Domain } from '../../model/device.js';
import type { Labels } from '../../model/space.js';
import { insertDelivery } from '../../storage/deliveries.js';
import { insertDevice, type Credentials } from '../../storage/devices.js';
import { keepPools } from '../../storage/pools.js';
import type { Work } from '../work.js';
import { checkDomains, checkReach } from './device-rules.js';

export interface DeviceRequest {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly adapter: DeviceAdapter;
  readonly spaceId: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
  readonly domains?: readonly Domain[];
  readonly labels?: Labels;
}

/** @throws CasmError `name-taken`, `space-not-found`, `device-unsuitable`, `credentials-invalid`, `pool-not-found`, `pool-mismatch` */
export async function createDevice(work: Work, request: DeviceRequest): Promise<Device> {
  const { tx, box } = work;
  const { name, kind, adapter, spaceId, credentials = {}, domains = [], labels = {} } = request;
  const endpoint = request.endpoint ?? null;
  checkReach({ kind, adapter, endpoint, credentialNames: Object.keys(credentials) });
  await keepPools(tx, domains.map(({ poolId }) => poolId));
  await checkDomains(tx, { spaceId }, domains);
  const device = await insertDevice(tx, box, { id: work.newId(), spaceId, name, kind, adapter, endpoint, domains, labels }, credentials);
  await insertDelivery(tx, device.id);
  work.audit({ resourceType: 'device', resourceId: device.id, before: null, after: device });
  return device;
}
