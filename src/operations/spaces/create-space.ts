import type { Labels, Space } from '../../model/space.js';
import { insertSpace } from '../../storage/spaces.js';
import type { Work } from '../work.js';

/** @throws CasmError `name-taken` */
export async function createSpace(work: Work, request: { name: string; description?: string; labels?: Labels }): Promise<Space> {
  const space = await insertSpace(work.tx, { id: work.newId(), name: request.name, description: request.description ?? '', labels: request.labels ?? {} });
  work.audit({ resourceType: 'space', resourceId: space.id, before: null, after: space });
  return space;
}
