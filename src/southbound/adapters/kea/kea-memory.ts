/** What must outlive an exchange with Kea: the ids given, and whether a change was made that may not be on its disk yet. */
import { type DeviceMemory, Reject } from '../../adapter.js';
import { noSubnetIds, type SubnetIds } from './subnet-ids.js';

export interface ServiceMemory {
  readonly ids: SubnetIds;
  /** True from before config-set until config-write has succeeded. */
  readonly unwritten: boolean;
}

type Memories = Readonly<Record<string, ServiceMemory>>;
const nothing: ServiceMemory = { ids: noSubnetIds, unwritten: false };

export class KeaMemory {
  private constructor(
    private readonly store: DeviceMemory,
    private services: Memories,
  ) {}

  /** @throws Reject when what is kept is not ours: without the ids we gave, one could be given twice */
  static async load(store: DeviceMemory): Promise<KeaMemory> {
    const text = await store.load();
    try {
      // Written by remember() below and sealed since: its shape is ours.
      return new KeaMemory(store, text === undefined ? {} : (JSON.parse(text) as Memories));
    } catch (error) {
      throw new Reject('what is remembered of this device was not written for Kea', { cause: error });
    }
  }

  of(service: string): ServiceMemory {
    return this.services[service] ?? nothing;
  }

  /** Durable when it resolves; saves nothing when nothing changed. */
  async remember(service: string, memory: ServiceMemory): Promise<void> {
    if (JSON.stringify(memory) === JSON.stringify(this.of(service))) return;
    this.services = { ...this.services, [service]: memory };
    await this.store.save(JSON.stringify(this.services));
  }
}
