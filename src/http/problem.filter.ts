/** The one place that knows HTTP status numbers: every error leaves as an RFC 9457 problem with a stable code. */
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { operationsAt } from '../contract/contract.js';
import { CasmError, type ErrorCode } from '../model/errors.js';
import type { CasmRequest } from './request-context.js';

export const statuses: Readonly<Record<ErrorCode, number>> = {
  'allocation-not-found': 404,
  'batch-failed': 409,
  'body-too-large': 413,
  busy: 429,
  'certification-refused': 409,
  'credentials-invalid': 422,
  'device-in-use': 409,
  'device-not-found': 404,
  'device-unsuitable': 422,
  forbidden: 403,
  'hold-expired': 410,
  'hold-not-found': 404,
  'idempotency-key-reused': 422,
  'import-invalid': 422,
  'import-not-found': 404,
  'internal-error': 500,
  'invalid-cursor': 400,
  'invalid-prefix': 422,
  'invalid-request': 400,
  'length-not-allowed': 422,
  'malformed-body': 400,
  'method-not-allowed': 405,
  'name-taken': 409,
  'not-ready': 503,
  'parent-not-found': 404,
  'pool-exhausted': 409,
  'pool-in-use': 409,
  'pool-mismatch': 404,
  'pool-not-found': 404,
  'pool-retiring': 409,
  'pool-unsuitable': 422,
  'precondition-failed': 412,
  'prefix-not-free': 409,
  'prefix-outside-pool': 422,
  'prefix-overlap': 409,
  'quota-exceeded': 409,
  'quota-not-found': 404,
  'request-timeout': 408,
  'revision-unknown': 409,
  'route-not-found': 404,
  'space-not-found': 404,
  'special-purpose': 422,
  'state-conflict': 409,
  'subnet-conflict': 409,
  'subnet-mismatch': 404,
  'token-not-found': 404,
  unauthorized: 401,
  'unsupported-media-type': 415,
  'waiting-request-not-found': 404,
};

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('problem');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<CasmRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = toCasmError(thrown, request);
    if (error.code === 'internal-error') this.logger.error(`${request.id} ${request.method} ${request.routeOptions?.url ?? ''}: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    sendProblem(reply, request.id, error);
  }
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly problem?: Problem;
}

/** A refusal for the sake of another carries that one as well. */
export function problemOf(requestId: string, error: CasmError): Problem {
  return {
    type: `/docs/problems#${error.code}`,
    title: error.code.replaceAll('-', ' ').replace(/^./, (letter) => letter.toUpperCase()),
    status: statuses[error.code],
    detail: error.message,
    code: error.code,
    requestId,
    ...error.details,
    ...(error.cause instanceof CasmError ? { problem: problemOf(requestId, error.cause) } : {}),
  };
}

/** For what is refused before there is a route, too. */
export function sendProblem(reply: FastifyReply, requestId: string, error: CasmError): void {
  const problem = problemOf(requestId, error);
  const { status } = problem;
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="casm"');
  if (status === 405) void reply.header('allow', (error.details['allowed'] as string[]).join(', '));
  if (status === 429 || status === 503) void reply.header('retry-after', '2');
  void reply.status(status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

function toCasmError(thrown: unknown, request: CasmRequest): CasmError {
  if (thrown instanceof CasmError) return thrown;
  if (thrown instanceof HttpException) return ofHttp(thrown, request);
  if (isUnreachable(thrown)) return new CasmError('not-ready', 'the database cannot be reached right now: try again', {}, { cause: thrown });
  return new CasmError('internal-error', 'something went wrong on our side; the request id finds it in the log', {}, { cause: thrown });
}

/** What the server itself refuses, before any route of ours. */
function ofHttp(thrown: HttpException, request: CasmRequest): CasmError {
  const path = request.url.split('?')[0] ?? '';
  switch (thrown.getStatus()) {
    case 400:
      return new CasmError('malformed-body', `the request cannot be read: ${thrown.message}`);
    case 404: {
      const allowed = operationsAt(path).map((operation) => operation.method);
      if (allowed.length === 0) return new CasmError('route-not-found', `there is no ${path}: see /docs`);
      return new CasmError('method-not-allowed', `${path} takes ${allowed.join(', ')}`, { allowed });
    }
    case 413:
      return new CasmError('body-too-large', 'the body is larger than this operation takes');
    case 415:
      return new CasmError('unsupported-media-type', 'the body is of a type that is not known here: see /docs', { allowed: ['application/json'] });
    default:
      return new CasmError('internal-error', 'something went wrong on our side; the request id finds it in the log', {}, { cause: thrown });
  }
}

/** The last two are what a database ends that is given too little time: for us it is away. */
const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '53300', '08006', '08001', '08003', '57014', '55P03']);

/** The connection was lost or never made. What was lost during its commit may have been kept: an idempotency key tells. */
function isUnreachable(thrown: unknown): boolean {
  const { code, message, driverError } = thrown as { code?: string; message?: string; driverError?: { code?: string } };
  return unreachable.has(driverError?.code ?? code ?? '') || /Connection terminated|not queryable|timeout exceeded when trying to connect|DataSource .* not/.test(message ?? '');
}
