/** What a device must have for its adapter to reach it: rules, nothing stored. */
import type { Device, DeviceAdapter, DeviceKind, Domain } from '../../model/device.js';
import { CasmError } from '../../model/errors.js';
import { familyBits } from '../../model/prefix.js';
import { findPool } from '../../storage/pools.js';
import type { Tx } from '../../storage/sql.js';
import { found } from '../not-found.js';

const needsEndpoint: readonly DeviceAdapter[] = ['http', 'kea'];
const needsCredentials: Partial<Record<DeviceAdapter, readonly string[]>> = { http: ['secret'], kea: ['username', 'password'] };

/** @throws CasmError `device-unsuitable`, `credentials-invalid` */
export function checkReach(device: { kind: DeviceKind; adapter: DeviceAdapter; endpoint: string | null; credentialNames: readonly string[] }): void {
  if ((device.kind === 'rpki') !== (device.adapter === 'rpki')) {
    throw new CasmError('device-unsuitable', 'kind rpki and adapter rpki belong together', { allowed: device.kind === 'rpki' ? ['rpki'] : ['pull', 'in-memory', 'http', 'kea'] });
  }
  if (needsEndpoint.includes(device.adapter) && device.endpoint === null) {
    throw new CasmError('device-unsuitable', `adapter ${device.adapter} needs an endpoint to push to`);
  }
  // An endpoint is read by every viewer and stays in the audit; credentials are sealed.
  const url = device.endpoint !== null && URL.canParse(device.endpoint) ? new URL(device.endpoint) : undefined;
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new CasmError('credentials-invalid', 'the endpoint carries credentials: they belong into the credentials of the device');
  }
  const missing = needsCredentials[device.adapter]?.filter((name) => !device.credentialNames.includes(name)) ?? [];
  if (missing.length > 0) {
    throw new CasmError('credentials-invalid', `adapter ${device.adapter} needs the credentials ${missing.join(' and ')}`, { allowed: [...(needsCredentials[device.adapter] ?? [])] });
  }
}

/** The caller keeps the pools that the domains name. @throws CasmError `pool-not-found`, `pool-mismatch`, `name-taken`, `length-not-allowed` */
export async function checkDomains(tx: Tx, device: Pick<Device, 'spaceId'>, domains: readonly Domain[]): Promise<void> {
  for (const [at, domain] of domains.entries()) {
    if (domains.findIndex((other) => other.name === domain.name) !== at) throw new CasmError('name-taken', `two domains of the device are named ${domain.name}`);
    const bits = familyBits(domain.family);
    if (domain.prefixLength > bits) throw new CasmError('length-not-allowed', `/${domain.prefixLength} of domain ${domain.name} is no length of ${domain.family}`, { allowed: [`/0 to /${bits}`] });
    const pool = found(await findPool(tx, domain.poolId), 'pool', domain.poolId);
    if (pool.spaceId !== device.spaceId) throw new CasmError('pool-mismatch', `domain ${domain.name} names pool ${pool.name}, which is in another space than the device`);
  }
}
