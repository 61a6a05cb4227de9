/** Answers: status, headers and body, put on the wire by the interceptor. */
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import type { Kept } from '../operations/work.js';

export class Answer {
  constructor(
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
    readonly status?: number,
  ) {}
}

interface Versioned {
  readonly version: string;
}

const etag = ({ version }: Versioned): Record<string, string> => ({ etag: `"${version}"` });
const replay = ({ replayed }: Kept<unknown>): Record<string, string> => (replayed ? { 'idempotency-replayed': 'true' } : {});

/** A resource with its version as ETag. */
export function resource<T extends Versioned>(value: T, view: (value: T) => unknown): Answer {
  return new Answer(view(value), etag(value));
}

/** What a verb has changed, or the stored answer of the time it did; where it is more than the resource, `of` says which that is. */
export function changed<T extends Versioned>(kept: Kept<T>, view: (value: T) => unknown): Answer;
export function changed<T>(kept: Kept<T>, view: (value: T) => unknown, of: (value: T) => Versioned): Answer;
export function changed<T>(kept: Kept<T>, view: (value: T) => unknown, of?: (value: T) => Versioned): Answer {
  const versioned = of === undefined ? (kept.result as T & Versioned) : of(kept.result);
  return new Answer(view(kept.result), { ...etag(versioned), ...replay(kept) });
}

/** A new resource, or the stored answer of the time it was new. */
export function created<T extends { id: string }>(kept: Kept<T>, collection: string, view: (value: T) => unknown): Answer {
  const { result } = kept;
  const version = 'version' in result ? etag(result as T & Versioned) : {};
  return new Answer(view(result), { location: `${collection}/${result.id}`, ...version, ...replay(kept) });
}

/** A request that waits its turn: where to look for it, and when. */
export function queued<T extends { id: string }>(kept: Kept<T>, collection: string, view: (value: T) => unknown): Answer {
  return new Answer(view(kept.result), { location: `${collection}/${kept.result.id}`, 'retry-after': retryAfterSeconds, ...replay(kept) }, 202);
}

/** How often it makes sense to look whether space has returned. */
export const retryAfterSeconds = '5';

/** Something else that was kept once. */
export function done<T>(kept: Kept<T>, view: (value: T) => unknown): Answer {
  return new Answer(view(kept.result), replay(kept));
}

@Injectable()
export class AnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((answer: unknown) => {
        if (!(answer instanceof Answer)) return answer;
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        void reply.headers(answer.headers);
        if (answer.status !== undefined) void reply.status(answer.status);
        return answer.body;
      }),
    );
  }
}
