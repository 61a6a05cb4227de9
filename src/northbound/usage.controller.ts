import { Controller } from '@nestjs/common';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { listAlarms } from '../operations/alarms/list-alarms.js';
import { Hall } from '../operations/hall.js';
import { getForecast } from '../operations/usage/get-forecast.js';
import { getUsageHistory } from '../operations/usage/get-usage-history.js';
import { asIs, viewPage } from './views.js';

@Controller()
export class UsageController {
  constructor(private readonly hall: Hall) {}

  @Route('getUsageHistory')
  async history(@Ask() { path, query }: Asked<'getUsageHistory'>): Promise<unknown> {
    return this.hall.read(getUsageHistory, { ...path, ...query, now: new Date() });
  }

  @Route('getForecast')
  async forecast(@Ask() { path, query }: Asked<'getForecast'>): Promise<unknown> {
    return this.hall.read(getForecast, { ...path, ...query, days: query.days ?? 90, now: new Date() });
  }

  @Route('listAlarms')
  async alarms(@Ask() { query }: Asked<'listAlarms'>): Promise<unknown> {
    return viewPage(await this.hall.read(listAlarms, { ...query, limit: query.limit ?? 100 }), asIs);
  }
}
