/**
 * Kea DHCP (2.2 and later) over its control agent: one range is one subnet of Dhcp4 or Dhcp6. Owns what carries our tag
 * and nothing else. Subnets go only when no lease is left in them.
 */
import type { DeviceDocument } from '../../../model/document.js';
import { formatPrefix } from '../../../model/prefix.js';
import { type Adapter, type Capabilities, type DeviceHandle, type Observation, type ObservedRange, Reject, Retry } from '../../adapter.js';
import { converge, readConfiguration, type Wanted } from './configuration.js';
import { ControlChannel, ServiceAbsent, ServiceOffline } from './control-channel.js';
import { readCounts } from './counts.js';
import { objectsIn } from './exact-json.js';
import { KeaMemory } from './kea-memory.js';
import { keaOptions } from './kea-options.js';
import { type KeaService, keaServices } from './kea-service.js';
import { emptySubnets } from './removal.js';
import { capacityOf, isActive, ownerOf, subnetId, subnetPrefix } from './subnet.js';

export class KeaAdapter implements Adapter {
  readonly kind = 'kea';
  readonly capabilities: Capabilities = { passiveDrain: true, activeDrain: true, perRangeCounts: true };

  constructor(private readonly now: () => Date = () => new Date()) {}

  async apply(device: DeviceHandle, document: DeviceDocument): Promise<void> {
    const options = keaOptions(device);
    const channel = new ControlChannel(device);
    const memory = await KeaMemory.load(device.memory);
    const failures: (Retry | Reject)[] = [];
    for (const service of keaServices) {
      const ranges = document.ranges.filter((range) => range.family === service.family);
      try {
        await this.bring(channel, memory, { service, device: device.id, options, ranges, vacated: new Set() });
      } catch (error) {
        // One server's trouble is no reason to leave the other behind.
        if (!(error instanceof Retry || error instanceof Reject)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw together(failures);
  }

  async observe(device: DeviceHandle): Promise<Observation> {
    const channel = new ControlChannel(device);
    const memory = await KeaMemory.load(device.memory);
    const ranges: ObservedRange[] = [];
    for (const service of keaServices) {
      try {
        ranges.push(...(await observeService(channel, service, device.id)));
      } catch (error) {
        if (!isOfNoConcern(error, memory, service)) throw error;
      }
    }
    return { ranges };
  }

  private async bring(channel: ControlChannel, memory: KeaMemory, wanted: Wanted): Promise<void> {
    const { service, ranges, options } = wanted;
    try {
      const { retiring } = await converge(channel, memory, wanted);
      if (retiring.length === 0) return;
      const { vacated, waiting } = await emptySubnets(channel, service, retiring, options, this.now());
      if (vacated.size > 0) await converge(channel, memory, { ...wanted, vacated });
      if (waiting.length > 0) throw new Retry(waiting.join('; '));
    } catch (error) {
      if (error instanceof ServiceAbsent && ranges.length > 0) throw new Reject(`${error.message}: it cannot hold ${ranges[0]?.prefix}`, { cause: error });
      if (ranges.length > 0 || !isOfNoConcern(error, memory, service)) throw error;
    }
  }
}

async function observeService(channel: ControlChannel, service: KeaService, device: string): Promise<ObservedRange[]> {
  const running = await readConfiguration(channel, service);
  const subnets = [running, ...objectsIn(running['shared-networks'])].flatMap((at) => objectsIn(at[service.subnets]));
  const own = subnets.filter((subnet) => ownerOf(subnet)?.device === device);
  if (own.length === 0) return [];
  const counts = await readCounts(channel, service);
  return own.map((subnet) => {
    const prefix = formatPrefix(subnetPrefix(subnet));
    return { prefix, state: isActive(subnet) ? 'active' : 'draining', assigned: counts.get(subnetId(subnet)) ?? null, total: String(capacityOf(subnet)) };
  });
}

/** A server that is not there, or not there now, and was never given anything by us. */
function isOfNoConcern(error: unknown, memory: KeaMemory, service: KeaService): boolean {
  if (error instanceof ServiceAbsent) return true;
  return error instanceof ServiceOffline && Object.keys(memory.of(service.name).ids.byRange).length === 0;
}

/** What only a change can help decides; otherwise the first is as good as any. */
function together(failures: readonly (Retry | Reject)[]): Retry | Reject {
  const message = failures.map((failure) => failure.message).join('; ');
  return failures.some((failure) => failure instanceof Reject) ? new Reject(message, { cause: failures[0] }) : new Retry(message, { cause: failures[0] });
}
