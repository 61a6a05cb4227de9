/** Decides who may call: the role is the contract's, and a route outside the contract is open to nobody. */
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { contractOperation } from '../contract/contract.js';
import { CasmError } from '../model/errors.js';
import { mayAct } from '../model/token.js';
import { TokenDesk } from '../operations/tokens/token-desk.js';
import { callerOf } from './caller.js';
import type { CasmRequest } from './request-context.js';
import { operationKey } from './route.js';

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: TokenDesk,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const id = this.reflector.get<string | undefined>(operationKey, context.getHandler());
    if (id === undefined) throw new CasmError('forbidden', 'this route is open to nobody');
    const { role } = contractOperation(id);
    if (role === 'public') return true;
    const request = context.switchToHttp().getRequest<CasmRequest>();
    const token = await callerOf(request, this.tokens);
    if (!mayAct(token.role, role)) throw new CasmError('forbidden', `the token "${token.name}" has role ${token.role}; ${id} needs ${role}`, { allowed: [role] });
    request.token = token;
    return true;
  }
}
