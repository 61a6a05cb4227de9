import { Controller } from '@nestjs/common';
import { created, type Answer } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { listAudit } from '../operations/audit/list-audit.js';
import { Hall } from '../operations/hall.js';
import { checkIntegrity } from '../operations/integrity/check-integrity.js';
import { createToken } from '../operations/tokens/create-token.js';
import { deleteToken } from '../operations/tokens/delete-token.js';
import { listTokens } from '../operations/tokens/list-tokens.js';
import { asIs } from './views.js';

@Controller()
export class AdministrationController {
  constructor(private readonly hall: Hall) {}

  @Route('listTokens')
  async tokens(@Ask() { query }: Asked<'listTokens'>): Promise<unknown> {
    return this.hall.read(listTokens, { ...query, limit: query.limit ?? 100 });
  }

  @Route('createToken')
  async createToken(@Ask() { call, body }: Asked<'createToken'>): Promise<Answer> {
    return created(await this.hall.write(call, createToken, body), '/v1/tokens', asIs);
  }

  @Route('deleteToken')
  async deleteToken(@Ask() { call, path }: Asked<'deleteToken'>): Promise<void> {
    await this.hall.write(call, deleteToken, path);
  }

  @Route('listAudit')
  async audit(@Ask() { query }: Asked<'listAudit'>): Promise<unknown> {
    return this.hall.read(listAudit, { ...query, limit: query.limit ?? 100 });
  }

  @Route('checkIntegrity')
  async integrity(): Promise<unknown> {
    return this.hall.read(checkIntegrity, undefined);
  }
}
