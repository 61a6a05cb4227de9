/** Binds a controller method to an operation of the contract: method, path and success status are the contract's. */
import { applyDecorators, HttpCode, RequestMapping, RequestMethod, SetMetadata } from '@nestjs/common';
import { contractOperation } from '../contract/contract.js';
import type { OperationId } from './request-context.js';

export const operationKey = 'casm:operation';

export function Route(id: OperationId): MethodDecorator {
  const { method, path, successStatus } = contractOperation(id);
  return applyDecorators(
    RequestMapping({ method: RequestMethod[method as keyof typeof RequestMethod], path: path.replace(/\{([^}]+)\}/g, ':$1') }),
    HttpCode(successStatus),
    SetMetadata(operationKey, id),
  );
}
