/** Holds each request against the contract before any code of ours sees it, and puts its valid parts at hand. */
import { createHash } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { contractOperation, operationsAt, type ContractOperation, type Violation } from '../contract/contract.js';
import { controllerActor } from '../model/audit.js';
import { CasmError } from '../model/errors.js';
import type { Call } from '../operations/work.js';
import type { Asked, CasmRequest, OperationId } from './request-context.js';
import { operationKey } from './route.js';
import { unstorableText } from './unstorable-text.js';

@Injectable()
export class ContractGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const operation = contractOperation(this.reflector.get<string>(operationKey, context.getHandler()));
    const request = context.switchToHttp().getRequest<CasmRequest>();
    checkQuery(request);
    if (operation.bodyType !== undefined && request.body !== undefined && mediaType(request) !== operation.bodyType) {
      throw new CasmError('unsupported-media-type', `${operation.id} takes ${operation.bodyType}`, { allowed: [operation.bodyType] });
    }
    if (operation.streamTypes.length > 0 && !operation.streamTypes.includes(mediaType(request) ?? '')) {
      throw new CasmError('unsupported-media-type', `${operation.id} takes ${operation.streamTypes.join(' or ')}`, { allowed: [...operation.streamTypes] });
    }
    const parts = {
      path: { ...(request.params as object) },
      query: { ...(request.query as object) },
      header: headersOf(request, operation),
      body: operation.bodyType === undefined ? undefined : (request.body ?? null),
    };
    // Kept aside for the hash, since validation completes and coerces the parts in place.
    // What is read as it comes is not there yet: whoever reads it adds the hash of it.
    const sent = { path: parts.path, query: { ...parts.query }, body: operation.streamTypes.length > 0 ? mediaType(request) : parts.body };
    const errors = operation.validateRequest(parts);
    if (errors.length === 0) errors.push(...textErrors(parts));
    if (errors.some((error) => error.in === 'path')) checkPath(operation, request);
    if (errors.length > 0) throw refusalOf(errors);
    const dryRun = (parts.query as { dryRun?: boolean }).dryRun === true;
    if (dryRun) void context.switchToHttp().getResponse<FastifyReply>().header('dry-run', 'true');
    const call: Call = { operation: operation.id, actor: actorOf(request), requestId: request.id, ...(dryRun ? { dryRun } : idempotencyOf(operation, request, sent)) };
    const body = operation.streamTypes.length > 0 ? request.body : parts.body;
    request.asked = { call, token: request.token, ...parts, body, mediaType: mediaType(request) } as unknown as Asked<OperationId>;
    return true;
  }
}

/** The server takes what it cannot decode for what was meant; in a path it refuses it itself. */
function checkQuery({ url }: CasmRequest): void {
  try {
    decodeURIComponent(url.slice(url.indexOf('?')));
  } catch (error) {
    throw new CasmError('invalid-request', `the query cannot be read: ${(error as Error).message}`);
  }
}

/** The server takes what is no parameter for one when only the other path has the method. */
function checkPath(operation: ContractOperation, request: CasmRequest): void {
  const path = request.url.split('?')[0] ?? '';
  const there = operationsAt(path);
  if (there.includes(operation)) return;
  const allowed = there.map(({ method }) => method);
  throw new CasmError('method-not-allowed', `${path} takes ${allowed.join(', ')}`, { allowed });
}

/** @param errors at least one */
export function refusalOf(errors: readonly Violation[]): CasmError {
  const [first] = errors;
  const where = first?.in === 'body' ? `the body at ${first.pointer || '/'}` : `${first?.in} ${first?.pointer}`;
  return new CasmError('invalid-request', `${where}: ${first?.detail}${errors.length > 1 ? `; and ${errors.length - 1} more in errors` : ''}`, { errors });
}

function textErrors({ query, body }: { query: object; body: unknown }): Violation[] {
  const detail = 'must not hold U+0000, half a surrogate pair or more than 64 levels';
  return (['query', 'body'] as const).flatMap((place) => {
    const pointer = unstorableText(place === 'query' ? query : body);
    return pointer === undefined ? [] : [{ in: place, pointer: place === 'query' ? pointer.slice(1) : pointer.toWellFormed(), detail }];
  });
}

function mediaType(request: CasmRequest): string | undefined {
  return request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

function headersOf(request: CasmRequest, operation: ContractOperation): Record<string, unknown> {
  const names = operation.parameters.filter((parameter) => parameter.in === 'header').map((parameter) => parameter.name.toLowerCase());
  return Object.fromEntries(names.filter((name) => request.headers[name] !== undefined).map((name) => [name, request.headers[name]]));
}

function actorOf({ token }: CasmRequest): Call['actor'] {
  return token === undefined ? controllerActor : { tokenId: token.id, name: token.name, role: token.role };
}

/** The hash is of what was sent, before defaults and coercion, so that it stays the same when those change. */
function idempotencyOf(operation: ContractOperation, request: CasmRequest, parts: object): Pick<Call, 'idempotency'> {
  const key = request.headers['idempotency-key'];
  const takesKey = operation.parameters.some((parameter) => parameter.name === 'Idempotency-Key');
  if (!takesKey || typeof key !== 'string') return {};
  const { path, query, body } = parts as { path: object; query: object; body: unknown };
  return { idempotency: { key, requestHash: createHash('sha256').update(canonical([operation.id, path, query, body])).digest() } };
}

/** JSON with sorted names: the same request written another way is the same request. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
