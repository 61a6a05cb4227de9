/** Model values → the shapes of the contract. Each view is typed by the contract, so a shape that drifts does not compile. */
import type { components } from '../contract/northbound.generated.js';
import type { Allocation } from '../model/allocation.js';
import type { Device } from '../model/device.js';
import type { Hold } from '../model/hold.js';
import type { Page } from '../model/page.js';
import type { Pool } from '../model/pool.js';
import type { Quota } from '../model/quota.js';
import type { Space } from '../model/space.js';
import type { WaitingRequest } from '../model/waiting-request.js';
import type { ResizeResult } from '../operations/allocations/resize-allocation.js';
import type { MergeResult } from '../operations/pools/merge-pools.js';
import type { SplitResult } from '../operations/pools/split-pool.js';

type Schemas = components['schemas'];

export function viewSpace({ version: _, ...space }: Space): Schemas['Space'] {
  return space;
}

export function viewPool({ version: _, ...pool }: Pool): Schemas['Pool'] {
  return { ...pool, prefixes: [...pool.prefixes] };
}

export function viewAllocation({ version: _, rpkiDeviceId, ...allocation }: Allocation): Schemas['Allocation'] {
  return { ...allocation, certify: rpkiDeviceId !== null, waitingFor: [...allocation.waitingFor] } as Schemas['Allocation'];
}

export function viewHold(hold: Hold): Schemas['Hold'] {
  return hold;
}

export function viewResize({ allocation, released }: ResizeResult): Schemas['ResizeResult'] {
  return { allocation: viewAllocation(allocation), released: released.map(viewAllocation) };
}

export function viewSplit({ pool, created, moved }: SplitResult): Schemas['SplitResult'] {
  return { pool: viewPool(pool), created: created.map(viewPool), moved };
}

export function viewMerge({ pool, merged, moved }: MergeResult): Schemas['MergeResult'] {
  return { pool: viewPool(pool), merged: [...merged], moved };
}

export function viewDevice({ version: _, ...device }: Device): Schemas['Device'] {
  return { ...device, credentialNames: [...device.credentialNames], domains: [...device.domains] };
}

export function viewQuota({ version: _, ...quota }: Quota): Schemas['Quota'] {
  return quota;
}

export function viewWaitingRequest(waiting: WaitingRequest): Schemas['WaitingRequest'] {
  return { ...waiting, poolIds: [...waiting.poolIds] } as Schemas['WaitingRequest'];
}

export function viewPage<T, V>(page: Page<T>, view: (item: T) => V): { items: V[]; nextCursor: string | null } {
  return { items: page.items.map(view), nextCursor: page.nextCursor };
}

export function asIs<T>(value: T): T {
  return value;
}
