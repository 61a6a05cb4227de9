import type { Delivery } from '../../model/device.js';
import { page, type Page } from '../../model/page.js';
import * as deliveries from '../../storage/deliveries.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

export async function listDeliveries(tx: Tx, request: ListRequest & { deviceId?: string; state?: string }): Promise<Page<Delivery>> {
  const asked = pageRequest(request);
  return page(await deliveries.listDeliveries(tx, asked, request), asked, (delivery) => delivery.deviceId);
}
