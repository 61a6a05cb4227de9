import { Controller } from '@nestjs/common';
import { created, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { Hall } from '../operations/hall.js';
import { createHold } from '../operations/holds/create-hold.js';
import { deleteHold } from '../operations/holds/end-hold.js';
import { getHold } from '../operations/holds/get-hold.js';
import { listHolds } from '../operations/holds/list-holds.js';
import { viewHold, viewPage } from './views.js';

@Controller()
export class HoldsController {
  constructor(private readonly hall: Hall) {}

  @Route('listHolds')
  async list(@Ask() { query }: Asked<'listHolds'>): Promise<unknown> {
    return viewPage(await this.hall.read(listHolds, { ...query, limit: query.limit ?? 100 }), viewHold);
  }

  @Route('createHold')
  async create(@Ask() { call, body }: Asked<'createHold'>): Promise<Answer> {
    return created(await this.hall.write(call, createHold, body), '/v1/holds', viewHold);
  }

  @Route('getHold')
  async get(@Ask() { path }: Asked<'getHold'>): Promise<unknown> {
    return viewHold(await this.hall.read(getHold, path));
  }

  @Route('deleteHold')
  async delete(@Ask() { call, path }: Asked<'deleteHold'>): Promise<void> {
    await this.hall.write(call, deleteHold, path);
  }
}
