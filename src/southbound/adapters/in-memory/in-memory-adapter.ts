/**
 * The reference adapter: its devices are documents kept in this process. It shows the least an adapter must do, and
 * serves where no network is wanted. It forgets everything with the process, as a device does that loses its power.
 */
import type { DeviceDocument, DocumentRange } from '../../../model/document.js';
import { parseAddress, parsePrefix } from '../../../model/prefix.js';
import { type Adapter, type Capabilities, type DeviceHandle, type Observation, type Reject, Retry } from '../../adapter.js';

export class InMemoryAdapter implements Adapter {
  readonly kind = 'in-memory';
  readonly capabilities: Capabilities = { passiveDrain: true, activeDrain: false, perRangeCounts: true };
  private readonly documents = new Map<string, DeviceDocument>();
  private readonly failures = new Map<string, Retry | Reject>();

  /** Lets every exchange with the device fail like this; null lets them succeed again. */
  failWith(deviceId: string, failure: Retry | Reject | null): void {
    if (failure === null) this.failures.delete(deviceId);
    else this.failures.set(deviceId, failure);
  }

  /** What the device holds: the very document it was given last. */
  held(deviceId: string): DeviceDocument | undefined {
    return this.documents.get(deviceId);
  }

  async apply(device: DeviceHandle, document: DeviceDocument): Promise<void> {
    this.reach(device);
    this.documents.set(device.id, structuredClone(document));
  }

  async observe(device: DeviceHandle): Promise<Observation> {
    this.reach(device);
    const ranges = this.documents.get(device.id)?.ranges ?? [];
    return { ranges: ranges.map((range) => ({ prefix: range.prefix, state: range.state, assigned: '0', total: String(capacity(range)) })) };
  }

  private reach(device: DeviceHandle): void {
    if (device.signal.aborted) throw new Retry(`the exchange with ${device.name} was ended`);
    const failure = this.failures.get(device.id);
    if (failure !== undefined) throw failure;
  }
}

/** Addresses, or delegated prefixes, that a range can hand out. */
function capacity(range: DocumentRange): bigint {
  if (range.delegatedLength !== null) return 1n << BigInt(range.delegatedLength - parsePrefix(range.prefix).length);
  if (range.lowerAddress === null || range.upperAddress === null) return 0n;
  return parseAddress(range.upperAddress).address - parseAddress(range.lowerAddress).address + 1n;
}
