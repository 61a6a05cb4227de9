/**
 * A BNG that is pushed to: PUT /document replaces what it holds, GET /document tells it with the usage of each range.
 * Whoever has not the secret learns nothing but the status page, and changes nothing.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { DocumentRange } from '../../model/document.js';
import { startJsonServer, type JsonAnswer } from '../json-server.js';
import { Bng, type BngSettings } from './bng.js';

export interface PushedBngSettings extends BngSettings {
  /** 0, the default, for any. */
  readonly port?: number;
  /** What the controller must send as `Authorization: Bearer …`. */
  readonly secret: string;
}

export interface PushedBng {
  readonly url: string;
  readonly port: number;
  held(): readonly DocumentRange[];
  stop(): Promise<void>;
}

const unauthorised: JsonAnswer = { status: 401, body: { errors: ['the secret is missing or wrong'] } };

/**
 * `PUT /document` answers 200 {revision, applied: true} or 409 {errors}; `GET /document` answers {document, ranges: [{id,
 * prefix, state, assigned, total, peak, average}]}, or 404 before the first document; `GET /` needs no secret.
 * @throws LabError when the port is taken.
 */
export async function startPushedBng(settings: PushedBngSettings): Promise<PushedBng> {
  const bng = await Bng.open(settings);
  let pushing: Promise<unknown> = Promise.resolve();

  const put = async (value: unknown): Promise<JsonAnswer> => {
    const { document, errors } = await bng.take(value);
    if (document === null) return { status: 409, body: { errors } };
    await bng.remember({ acknowledged: document.revision });
    return { status: 200, body: { revision: document.revision, applied: true } };
  };

  try {
    const server = await startJsonServer(settings.port ?? 0, async (request, body) => {
      const route = `${request.method} ${request.url}`;
      if (route === 'GET /') return { status: 200, body: { ...bng.status(), mode: 'push' } };
      if (!isSecret(request.headers.authorization, settings.secret)) return unauthorised;
      if (route === 'GET /document') {
        const { document } = bng.state;
        return document === null ? { status: 404, body: { errors: ['no document yet'] } } : { status: 200, body: { document, ranges: bng.usage(true) } };
      }
      if (route !== 'PUT /document') return { status: 404, body: { errors: ['there is GET /, GET /document and PUT /document'] } };
      const value = await body();
      // One at a time: the revision of the second is compared with what the first left.
      const mine = pushing.then(() => put(value));
      pushing = mine.catch(() => undefined);
      return mine;
    });
    return { url: server.url, port: server.port, held: () => bng.held(), stop: () => server.stop().then(() => bng.close()) };
  } catch (error) {
    await bng.close();
    throw error;
  }
}

function isSecret(header: string | undefined, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${secret}`));
}
