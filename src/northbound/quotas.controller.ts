import { Controller } from '@nestjs/common';
import { created, resource, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { Hall } from '../operations/hall.js';
import { createQuota } from '../operations/quotas/create-quota.js';
import { deleteQuota } from '../operations/quotas/delete-quota.js';
import { getQuota } from '../operations/quotas/get-quota.js';
import { listQuotas } from '../operations/quotas/list-quotas.js';
import { updateQuota } from '../operations/quotas/update-quota.js';
import { viewPage, viewQuota } from './views.js';

@Controller()
export class QuotasController {
  constructor(private readonly hall: Hall) {}

  @Route('listQuotas')
  async list(@Ask() { query }: Asked<'listQuotas'>): Promise<unknown> {
    return viewPage(await this.hall.read(listQuotas, { ...query, limit: query.limit ?? 100 }), viewQuota);
  }

  @Route('createQuota')
  async create(@Ask() { call, body }: Asked<'createQuota'>): Promise<Answer> {
    return created(await this.hall.write(call, createQuota, body), '/v1/quotas', viewQuota);
  }

  @Route('getQuota')
  async get(@Ask() { path }: Asked<'getQuota'>): Promise<Answer> {
    return resource(await this.hall.read(getQuota, path), viewQuota);
  }

  @Route('updateQuota')
  async update(@Ask() { call, path, header, body }: Asked<'updateQuota'>): Promise<Answer> {
    return resource((await this.hall.write(call, updateQuota, { ...body, ...path, ifMatch: header['if-match'] })).result, viewQuota);
  }

  @Route('deleteQuota')
  async delete(@Ask() { call, path, header }: Asked<'deleteQuota'>): Promise<void> {
    await this.hall.write(call, deleteQuota, { ...path, ifMatch: header['if-match'] });
  }
}
