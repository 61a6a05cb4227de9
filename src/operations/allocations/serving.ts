/** Who serves allocations of one space: the devices that use the prefixes, and the parent CA that certifies them. */
import type { AllocationRequest } from '../../model/allocation.js';
import type { Device } from '../../model/device.js';
import { CasmError } from '../../model/errors.js';
import { formatPrefix, parsePrefix } from '../../model/prefix.js';
import { specialPurposeOf } from '../../model/special-purpose.js';
import { markStale } from '../../storage/deliveries.js';
import { findDevices, parentCasOf } from '../../storage/devices.js';
import type { Tx } from '../../storage/sql.js';
import { notFound } from '../not-found.js';

type Served = Pick<AllocationRequest, 'deviceId' | 'certify'>;

/** Who serves one allocation, and in which revision each of them learns of it. */
export interface Revisions {
  readonly deviceId: string | null;
  readonly deviceRevision: string | null;
  readonly rpkiDeviceId: string | null;
  readonly rpkiRevision: string | null;
}

export class Serving {
  private constructor(
    private readonly tx: Tx,
    private readonly spaceId: string,
    private readonly devices: ReadonlyMap<string, Device>,
    private readonly parentCa: Device | undefined,
  ) {}

  static async load(tx: Tx, spaceId: string, requests: readonly Served[]): Promise<Serving> {
    const ids = new Set(requests.flatMap(({ deviceId }) => (deviceId === undefined ? [] : [deviceId])));
    const [parentCa] = requests.some(({ certify }) => certify === true) ? await parentCasOf(tx, spaceId) : [];
    return new Serving(tx, spaceId, await findDevices(tx, [...ids]), parentCa);
  }

  /** @throws CasmError `device-not-found`, `device-unsuitable`, `certification-refused` when there is nobody to certify. */
  checkDevice({ deviceId, certify }: Served): void {
    if (certify === true && this.parentCa === undefined) throw new CasmError('certification-refused', 'the space has no active device of kind rpki to ask');
    if (deviceId === undefined) return;
    const device = this.devices.get(deviceId);
    if (device === undefined) throw notFound('device', deviceId);
    if (device.kind === 'rpki') throw new CasmError('device-unsuitable', `${device.name} is a parent CA and uses no prefixes: ask for certify instead`);
    if (device.spaceId !== this.spaceId) throw new CasmError('device-unsuitable', `${device.name} is in another space than the pool`);
  }

  /** @throws CasmError `certification-refused` for space that no parent CA certifies. */
  checkCertifiable({ certify }: Served, prefix: string): void {
    if (certify !== true) return;
    const special = specialPurposeOf(parsePrefix(prefix));
    if (special === undefined) return;
    throw new CasmError('certification-refused', `${prefix} is in ${formatPrefix(special.prefix)}, ${special.name}: no parent CA certifies that`, { prefix });
  }

  /** Marks everyone stale once who serves any of the requests: devices before the parent CA, each by id. */
  async markStale(requests: readonly Served[]): Promise<(request: Served) => Revisions> {
    const ids = [...new Set(requests.flatMap(({ deviceId }) => (deviceId === undefined ? [] : [deviceId])))].sort();
    const { parentCa } = this;
    if (parentCa !== undefined && requests.some(({ certify }) => certify === true)) ids.push(parentCa.id);
    const revisions = new Map<string, string>();
    for (const id of ids) revisions.set(id, await markStale(this.tx, id));
    return ({ deviceId, certify }) => {
      const rpkiDeviceId = certify === true ? (parentCa?.id ?? null) : null;
      return {
        deviceId: deviceId ?? null,
        deviceRevision: revisions.get(deviceId ?? '') ?? null,
        rpkiDeviceId,
        rpkiRevision: rpkiDeviceId === null ? null : (revisions.get(rpkiDeviceId) ?? null),
      };
    };
  }
}
