/** An entry of the journal → an event of the contract, its resource in the shape it is read in. */
import type { components } from '../contract/northbound.generated.js';
import type { Allocation } from '../model/allocation.js';
import type { Device } from '../model/device.js';
import { happening, writePosition, type EventResourceType, type JournalEntry } from '../model/event.js';
import type { Pool } from '../model/pool.js';
import type { Quota } from '../model/quota.js';
import type { Space } from '../model/space.js';
import { asIs, viewAllocation, viewDevice, viewPool, viewQuota, viewSpace } from './views.js';

const views: Record<EventResourceType, (resource: object) => object> = {
  space: (resource) => viewSpace(resource as Space),
  pool: (resource) => viewPool(resource as Pool),
  allocation: (resource) => viewAllocation(resource as Allocation),
  device: (resource) => viewDevice(resource as Device),
  delivery: asIs,
  certificate: asIs,
  hold: asIs,
  'waiting-request': asIs,
  quota: (resource) => viewQuota(resource as Quota),
  alarm: asIs,
  import: asIs,
};

export function viewEvent(entry: JournalEntry): components['schemas']['Event'] {
  const { verb, resource } = happening(entry);
  return {
    id: writePosition(entry),
    at: entry.at,
    type: `${entry.resourceType}.${verb}`,
    operation: entry.operation,
    actor: entry.actor.name,
    requestId: entry.requestId,
    resourceType: entry.resourceType,
    resourceId: entry.resourceId,
    resource: views[entry.resourceType](resource) as components['schemas']['Event']['resource'],
  };
}
