import { Controller } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { contractOperation } from '../contract/contract.js';
import { Answer, created } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import type { ExchangeKind } from '../model/exchange.js';
import { Hall } from '../operations/hall.js';
import { getImport, listRefusals } from '../operations/imports/get-import.js';
import { listImports } from '../operations/imports/list-imports.js';
import { receiveImport } from '../operations/imports/receive-import.js';
import { hashed, readLines } from './lines.js';
import { RecordStreams } from './record-stream.js';
import { asIs, viewPage } from './views.js';

type AskedExport = Asked<'exportPools'> | Asked<'exportAllocations'>;
type AskedImport = Asked<'importPools'> | Asked<'importAllocations'>;

@Controller()
export class ExchangeController {
  private readonly streams: RecordStreams;

  constructor(private readonly hall: Hall) {
    this.streams = new RecordStreams(hall);
  }

  @Route('exportPools')
  pools(@Ask() asked: Asked<'exportPools'>): Promise<Answer> {
    return this.export('pools', asked);
  }

  @Route('exportAllocations')
  allocations(@Ask() asked: Asked<'exportAllocations'>): Promise<Answer> {
    return this.export('allocations', asked);
  }

  @Route('importPools')
  importPools(@Ask() asked: Asked<'importPools'>): Promise<Answer> {
    return this.import('pools', asked);
  }

  @Route('importAllocations')
  importAllocations(@Ask() asked: Asked<'importAllocations'>): Promise<Answer> {
    return this.import('allocations', asked);
  }

  @Route('listImports')
  async imports(@Ask() { query }: Asked<'listImports'>): Promise<unknown> {
    return viewPage(await this.hall.read(listImports, { ...query, limit: query.limit ?? 100 }), asIs);
  }

  @Route('getImport')
  async get(@Ask() { path }: Asked<'getImport'>): Promise<unknown> {
    return this.hall.read(getImport, path);
  }

  @Route('listImportRefusals')
  async refusals(@Ask() { path, query }: Asked<'listImportRefusals'>): Promise<unknown> {
    return viewPage(await this.hall.read(listRefusals, { ...path, ...query, limit: query.limit ?? 100 }), asIs);
  }

  private async export(kind: ExchangeKind, { query: { spaceId, format = 'csv' } }: AskedExport): Promise<Answer> {
    const text = await this.streams.of(kind, spaceId, format);
    const type = format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson';
    return new Answer(text, { 'content-type': type, 'content-disposition': `attachment; filename="${kind}.${format === 'csv' ? 'csv' : 'ndjson'}"` });
  }

  private async import(kind: ExchangeKind, { call, query, mediaType, body }: AskedImport): Promise<Answer> {
    const { spaceId, mode = 'bestEffort', dryRun = false } = query;
    const type = mediaType === 'text/csv' ? 'text/csv' : 'application/x-ndjson';
    const content = createHash('sha256');
    const lines = readLines(hashed(body as unknown as Readable, content), type, kind, contractOperation(call.operation));
    return created(await receiveImport(this.hall, call, { kind, spaceId, mode, dryRun }, { lines, hash: () => content.digest() }), '/v1/imports', asIs);
  }
}
