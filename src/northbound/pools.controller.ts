import { Controller } from '@nestjs/common';
import { changed, created, done, resource, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { parsePrefix, parsePrefixOrAddress } from '../model/prefix.js';
import { Hall } from '../operations/hall.js';
import { importDelegations } from '../operations/imports/import-delegations.js';
import { createPool } from '../operations/pools/create-pool.js';
import { deletePool } from '../operations/pools/delete-pool.js';
import { getDrainPlan } from '../operations/pools/get-drain-plan.js';
import { getPool } from '../operations/pools/get-pool.js';
import { activatePool } from '../operations/pools/activate-pool.js';
import { getPoolRemains } from '../operations/pools/get-pool-remains.js';
import { getPoolUsage } from '../operations/pools/get-pool-usage.js';
import { listFreePrefixes } from '../operations/pools/list-free-prefixes.js';
import { listPools } from '../operations/pools/list-pools.js';
import { mergePools } from '../operations/pools/merge-pools.js';
import { retirePool } from '../operations/pools/retire-pool.js';
import { splitPool } from '../operations/pools/split-pool.js';
import { updatePool } from '../operations/pools/update-pool.js';
import { readLabels } from './labels.js';
import { asIs, viewMerge, viewPage, viewPool, viewSplit } from './views.js';

@Controller()
export class PoolsController {
  constructor(private readonly hall: Hall) {}

  @Route('listPools')
  async list(@Ask() { query }: Asked<'listPools'>): Promise<unknown> {
    if (query.within !== undefined) parsePrefix(query.within);
    if (query.contains !== undefined) parsePrefixOrAddress(query.contains);
    return viewPage(await this.hall.read(listPools, { ...query, limit: query.limit ?? 100, labels: readLabels(query.labels) }), viewPool);
  }

  @Route('createPool')
  async create(@Ask() { call, body }: Asked<'createPool'>): Promise<Answer> {
    return created(await this.hall.write(call, createPool, body), '/v1/pools', viewPool);
  }

  @Route('getPool')
  async get(@Ask() { path }: Asked<'getPool'>): Promise<Answer> {
    return resource(await this.hall.read(getPool, path), viewPool);
  }

  @Route('updatePool')
  async update(@Ask() { call, path, header, body }: Asked<'updatePool'>): Promise<Answer> {
    return resource((await this.hall.write(call, updatePool, { ...body, ...path, ifMatch: header['if-match'] })).result, viewPool);
  }

  @Route('deletePool')
  async delete(@Ask() { call, path, header }: Asked<'deletePool'>): Promise<void> {
    await this.hall.write(call, deletePool, { ...path, ifMatch: header['if-match'] });
  }

  @Route('getPoolUsage')
  async usage(@Ask() { path }: Asked<'getPoolUsage'>): Promise<unknown> {
    return this.hall.read(getPoolUsage, path);
  }

  @Route('retirePool')
  async retire(@Ask() { call, path, header }: Asked<'retirePool'>): Promise<Answer> {
    return done(await this.hall.write(call, retirePool, { ...path, ifMatch: header['if-match'] }), asIs);
  }

  @Route('activatePool')
  async activate(@Ask() { call, path, header }: Asked<'activatePool'>): Promise<Answer> {
    return done(await this.hall.write(call, activatePool, { ...path, ifMatch: header['if-match'] }), asIs);
  }

  @Route('getPoolRemains')
  async remains(@Ask() { path }: Asked<'getPoolRemains'>): Promise<unknown> {
    return this.hall.read(getPoolRemains, path);
  }

  @Route('splitPool')
  async split(@Ask() { call, path, header, body }: Asked<'splitPool'>): Promise<Answer> {
    return changed(await this.hall.write(call, splitPool, { ...body, ...path, ifMatch: header['if-match'] }), viewSplit, ({ pool }) => pool);
  }

  @Route('mergePools')
  async merge(@Ask() { call, path, header, body }: Asked<'mergePools'>): Promise<Answer> {
    return changed(await this.hall.write(call, mergePools, { ...body, ...path, ifMatch: header['if-match'] }), viewMerge, ({ pool }) => pool);
  }

  @Route('getDrainPlan')
  async drainPlan(@Ask() { path, query }: Asked<'getDrainPlan'>): Promise<unknown> {
    return this.hall.read(getDrainPlan, { ...path, ...query, limit: query.limit ?? 100 });
  }

  @Route('listFreePrefixes')
  async free(@Ask() { path, query }: Asked<'listFreePrefixes'>): Promise<unknown> {
    return this.hall.read(listFreePrefixes, { ...path, ...query, limit: query.limit ?? 100 });
  }

  @Route('importDelegations')
  async import(@Ask() { call, query, body }: Asked<'importDelegations'>): Promise<Answer> {
    const countries = query.countries?.toUpperCase().split(',');
    return done(await this.hall.write(call, importDelegations, { ...query, countries, text: body }), asIs);
  }
}
