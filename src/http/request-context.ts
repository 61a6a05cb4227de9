/** What the guards find out about a request, for the controllers: who, which operation, and its validated parts. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { operations as Northbound } from '../contract/northbound.generated.js';
import type { operations as Southbound } from '../contract/southbound.generated.js';
import type { Token } from '../model/token.js';
import type { Call } from '../operations/work.js';

type Operations = Northbound & Southbound;
export type OperationId = keyof Operations;

type Part<Op, Name extends string> = Op extends { parameters: { [K in Name]?: infer P } } ? NonNullable<P> : never;
type BodyOf<Op> = Op extends { requestBody: { content: infer Content } } ? Content[keyof Content] : undefined;

/** A request that has passed the guards. */
export interface Asked<Id extends OperationId> {
  readonly call: Call;
  readonly token: Token | undefined;
  readonly path: Part<Operations[Id], 'path'>;
  readonly query: Part<Operations[Id], 'query'>;
  readonly header: Readonly<Record<string, string | undefined>>;
  readonly body: BodyOf<Operations[Id]>;
  readonly mediaType: string | undefined;
}

export interface CasmRequest extends FastifyRequest {
  token?: Token;
  asked?: Asked<OperationId>;
}

export const Ask = createParamDecorator((_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<CasmRequest>().asked);
