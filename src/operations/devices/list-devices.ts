import type { Device } from '../../model/device.js';
import { page, type Page } from '../../model/page.js';
import type { Labels } from '../../model/space.js';
import * as devices from '../../storage/devices.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listDevices(tx: Tx, request: ListRequest & { name?: string; kind?: string; labels?: Labels }): Promise<Page<Device>> {
  const asked = pageRequest(request);
  return page(await devices.listDevices(tx, asked, request), asked, (device) => device.id);
}
