import { Controller } from '@nestjs/common';
import { created, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { Hall } from '../operations/hall.js';
import { createSpace } from '../operations/spaces/create-space.js';
import { listSpaces } from '../operations/spaces/list-spaces.js';
import { readLabels } from './labels.js';
import { viewPage, viewSpace } from './views.js';

@Controller()
export class SpacesController {
  constructor(private readonly hall: Hall) {}

  @Route('listSpaces')
  async list(@Ask() { query }: Asked<'listSpaces'>): Promise<unknown> {
    return viewPage(await this.hall.read(listSpaces, { ...query, limit: query.limit ?? 100, labels: readLabels(query.labels) }), viewSpace);
  }

  @Route('createSpace')
  async create(@Ask() { call, body }: Asked<'createSpace'>): Promise<Answer> {
    return created(await this.hall.write(call, createSpace, body), '/v1/spaces', viewSpace);
  }
}
