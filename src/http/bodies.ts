/** How bodies are read: whole up to a limit, or handed on as they come; as UTF-8 that is UTF-8, and not packed. */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contractOperation } from '../contract/contract.js';
import { CasmError } from '../model/errors.js';

export const jsonLimit = 4 * 1024 * 1024;
/** Ten thousand allocations with all that can be said of each. */
const batchLimit = 16 * 1024 * 1024;
const importLimit = 64 * 1024 * 1024;

/** @throws CasmError `malformed-body`, where another decoder would put U+FFFD for what it cannot read. */
function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new CasmError('malformed-body', 'the body is not UTF-8');
  return body.toString('utf8');
}

export function readBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Clients that name a type and send nothing, as many do on DELETE, mean no body.
    if (body.length === 0) return done(null, undefined);
    void parseJson(request, textOf(body), done);
  });
  server.removeContentTypeParser('text/plain');
  server.addContentTypeParser<Buffer>('text/plain', { parseAs: 'buffer', bodyLimit: importLimit }, (_, body, done) => done(null, textOf(body)));
  // Handed on as they come: whoever is allowed to send them reads them.
  server.addContentTypeParser(['text/csv', 'application/x-ndjson'], (_, payload, done) => done(null, payload));
  server.addHook('onRoute', (route) => {
    if (route.url === contractOperation('runBatch').path) route.bodyLimit = batchLimit;
  });
}

/**
 * Before a body is read: in which characters it is, and how it is packed, is said by its sender, and not to be passed over.
 * @throws CasmError `unsupported-media-type`
 */
export function refuseForeignBody({ headers }: Pick<FastifyRequest, 'headers'>, reply: FastifyReply): void {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  const packing = headers['content-encoding'] ?? 'identity';
  if (packing.toLowerCase() !== 'identity') {
    // RFC 9110 §15.5.16: says that it was the packing, and which would do.
    void reply.header('accept-encoding', 'identity');
    throw new CasmError('unsupported-media-type', `the body is packed with ${packing}: send it as it is`, { allowed: ['identity'] });
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) throw new CasmError('unsupported-media-type', `the body is in ${charset}: send it in UTF-8`, { allowed: ['utf-8'] });
}
