import { Controller } from '@nestjs/common';
import { Answer, retryAfterSeconds } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { Hall } from '../operations/hall.js';
import { cancelWaitingRequest } from '../operations/waiting/end-waiting.js';
import { getWaitingRequest } from '../operations/waiting/get-waiting-request.js';
import { listWaitingRequests } from '../operations/waiting/list-waiting-requests.js';
import { viewPage, viewWaitingRequest } from './views.js';

@Controller()
export class WaitingController {
  constructor(private readonly hall: Hall) {}

  @Route('listWaitingRequests')
  async list(@Ask() { query }: Asked<'listWaitingRequests'>): Promise<unknown> {
    return viewPage(await this.hall.read(listWaitingRequests, { ...query, limit: query.limit ?? 100 }), viewWaitingRequest);
  }

  @Route('getWaitingRequest')
  async get(@Ask() { path }: Asked<'getWaitingRequest'>): Promise<Answer> {
    const waiting = await this.hall.read(getWaitingRequest, path);
    return new Answer(viewWaitingRequest(waiting), waiting.state === 'waiting' ? { 'retry-after': retryAfterSeconds } : {});
  }

  @Route('cancelWaitingRequest')
  async cancel(@Ask() { call, path }: Asked<'cancelWaitingRequest'>): Promise<unknown> {
    return viewWaitingRequest((await this.hall.write(call, cancelWaitingRequest, path)).result);
  }
}
