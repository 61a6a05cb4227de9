import { Controller } from '@nestjs/common';
import { changed, created, done, queued, resource, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { isWaiting } from '../model/waiting-request.js';
import { parsePrefix, parsePrefixOrAddress } from '../model/prefix.js';
import { activateAllocation } from '../operations/allocations/activate-allocation.js';
import { drainAllocation } from '../operations/allocations/drain-allocation.js';
import { allocateSet } from '../operations/allocations/allocate-set.js';
import { getAllocation } from '../operations/allocations/get-allocation.js';
import { listAllocations } from '../operations/allocations/list-allocations.js';
import { PoolTurns } from '../operations/allocations/pool-turns.js';
import { moveAllocation } from '../operations/allocations/move-allocation.js';
import { releaseQuarantine } from '../operations/allocations/release-quarantine.js';
import { resizeAllocation } from '../operations/allocations/resize-allocation.js';
import { updateAllocation } from '../operations/allocations/update-allocation.js';
import { Hall } from '../operations/hall.js';
import { readLabels } from './labels.js';
import { viewAllocation, viewPage, viewResize, viewWaitingRequest } from './views.js';

@Controller()
export class AllocationsController {
  constructor(
    private readonly hall: Hall,
    private readonly turns: PoolTurns,
  ) {}

  @Route('listAllocations')
  async list(@Ask() { query }: Asked<'listAllocations'>): Promise<unknown> {
    if (query.within !== undefined) parsePrefix(query.within);
    if (query.contains !== undefined) parsePrefixOrAddress(query.contains);
    return viewPage(await this.hall.read(listAllocations, { ...query, limit: query.limit ?? 100, labels: readLabels(query.labels) }), viewAllocation);
  }

  @Route('allocatePrefix')
  async allocate(@Ask() { call, body }: Asked<'allocatePrefix'>): Promise<Answer> {
    const { result, replayed } = await this.turns.allocate(call, body);
    return isWaiting(result) ? queued({ result, replayed }, '/v1/waiting-requests', viewWaitingRequest) : created({ result, replayed }, '/v1/allocations', viewAllocation);
  }

  @Route('allocateSet')
  async allocateSet(@Ask() { call, body }: Asked<'allocateSet'>): Promise<Answer> {
    return done(await this.hall.write(call, allocateSet, body), (items) => ({ items: items.map(viewAllocation) }));
  }

  @Route('getAllocation')
  async get(@Ask() { path }: Asked<'getAllocation'>): Promise<Answer> {
    return resource(await this.hall.read(getAllocation, path), viewAllocation);
  }

  @Route('updateAllocation')
  async update(@Ask() { call, path, header, body }: Asked<'updateAllocation'>): Promise<Answer> {
    return resource((await this.hall.write(call, updateAllocation, { ...body, ...path, ifMatch: header['if-match'] })).result, viewAllocation);
  }

  @Route('drainAllocation')
  async drain(@Ask() { call, path, header }: Asked<'drainAllocation'>): Promise<Answer> {
    return changed(await this.hall.write(call, drainAllocation, { ...path, ifMatch: header['if-match'] }), viewAllocation);
  }

  @Route('activateAllocation')
  async activate(@Ask() { call, path, header }: Asked<'activateAllocation'>): Promise<Answer> {
    return changed(await this.hall.write(call, activateAllocation, { ...path, ifMatch: header['if-match'] }), viewAllocation);
  }

  @Route('resizeAllocation')
  async resize(@Ask() { call, path, header, body }: Asked<'resizeAllocation'>): Promise<Answer> {
    return changed(await this.hall.write(call, resizeAllocation, { ...body, ...path, ifMatch: header['if-match'] }), viewResize, ({ allocation }) => allocation);
  }

  @Route('moveAllocation')
  async move(@Ask() { call, path, header, body }: Asked<'moveAllocation'>): Promise<Answer> {
    return changed(await this.hall.write(call, moveAllocation, { ...body, ...path, ifMatch: header['if-match'] }), viewAllocation);
  }

  @Route('releaseQuarantine')
  async releaseQuarantine(@Ask() { call, path, header, body }: Asked<'releaseQuarantine'>): Promise<Answer> {
    return changed(await this.hall.write(call, releaseQuarantine, { ...body, ...path, ifMatch: header['if-match'] }), viewAllocation);
  }

  @Route('releaseAllocation')
  async release(@Ask() { call, path, header }: Asked<'releaseAllocation'>): Promise<Answer> {
    return resource((await this.turns.release(call, { ...path, ifMatch: header['if-match'] })).result, viewAllocation);
  }
}
