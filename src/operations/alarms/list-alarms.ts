import type { Alarm } from '../../model/alarm.js';
import { page, type Page } from '../../model/page.js';
import * as alarms from '../../storage/alarms.js';
import type { Tx } from '../../storage/sql.js';
import { pageRequest, type ListRequest } from '../list.js';

/** Alarms in the order they were raised. @throws CasmError `invalid-cursor` */
export async function listAlarms(tx: Tx, request: ListRequest & alarms.AlarmFilter): Promise<Page<Alarm>> {
  const asked = pageRequest(request);
  return page(await alarms.listAlarms(tx, asked, request), asked, (alarm) => alarm.id);
}
