/** Who is calling, by the token that comes with the request. Knows no route and no role. */
import type { FastifyRequest } from 'fastify';
import { CasmError } from '../model/errors.js';
import type { Token } from '../model/token.js';
import type { TokenDesk } from '../operations/tokens/token-desk.js';

/** @throws CasmError `unauthorized` */
export async function callerOf(request: Pick<FastifyRequest, 'headers'>, tokens: TokenDesk): Promise<Token> {
  const secret = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (secret === undefined) throw new CasmError('unauthorized', 'send Authorization: Bearer with an API token');
  const token = await tokens.of(secret);
  if (token === undefined) throw new CasmError('unauthorized', 'the API token is not known, or no longer valid');
  return token;
}

/** So much of a body is read, in bytes, before anybody asks whose it is. */
const strangersLimit = 64 * 1024;

/**
 * Bodies are read, and most are held whole, before any guard is asked: who sends a large one, or one of unsaid length, is asked
 * before.
 * @throws CasmError `unauthorized`
 */
export async function refuseLargeOfStrangers(request: Pick<FastifyRequest, 'headers'>, tokens: TokenDesk): Promise<void> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding !== undefined || Number(length ?? 0) > strangersLimit) await callerOf(request, tokens);
}
