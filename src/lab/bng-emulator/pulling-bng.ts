/**
 * A BNG that fetches its document, confirms it and reports usage (openapi/southbound.yaml). While the controller is away
 * it keeps what it has, and tries again ever more slowly; when it is back, what is unsaid is said first.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentRange } from '../../model/document.js';
import { startJsonServer } from '../json-server.js';
import { Bng, type BngSettings } from './bng.js';
import { SouthboundClient, SouthboundProblem } from './southbound-client.js';
import type { components } from '../../contract/southbound.generated.js';

export interface PullingBngSettings extends BngSettings {
  /** Without a path: `http://127.0.0.1:8080`. */
  readonly controllerUrl: string;
  /** An API token of role `device`. */
  readonly token: string;
  /** Of its status page; 0, the default, for any. */
  readonly port?: number;
  /** How long to let the controller hold a request. Default 30. */
  readonly waitSeconds?: number;
  /** Default 15. */
  readonly reportSeconds?: number;
  /** First and longest pause after a failure, milliseconds. Default 500 and 15 000; jitter takes up to half off. */
  readonly pauses?: readonly [first: number, longest: number];
}

export interface PullingBng {
  readonly url: string;
  readonly port: number;
  held(): readonly DocumentRange[];
  stop(): Promise<void>;
}

/** @throws LabError when its port is taken. */
export async function startPullingBng(settings: PullingBngSettings): Promise<PullingBng> {
  const bng = await Bng.open(settings);
  const stopping = new AbortController();
  const client = new SouthboundClient(settings.controllerUrl, settings.token, stopping.signal);
  const contact = { lastAnswer: null as string | null, lastError: null as string | null };
  const now = settings.now ?? (() => new Date());

  /** Repeats `step` until the end; a failure is told once and followed by a pause that doubles. */
  const repeat = async (step: () => Promise<void>) => {
    const [first, longest] = settings.pauses ?? [500, 15_000];
    for (let pause = first; !stopping.signal.aborted; ) {
      try {
        await step();
        contact.lastAnswer = now().toISOString();
        contact.lastError = null;
        pause = first;
      } catch (error) {
        if (stopping.signal.aborted) return;
        const message = messageOf(error);
        if (message !== contact.lastError) bng.say(`cannot go on: ${message}`);
        contact.lastError = message;
        const asked = error instanceof SouthboundProblem && error.retryAfter !== undefined ? error.retryAfter * 1000 : 0;
        await sleep(Math.max(asked, pause * (1 - (settings.random ?? Math.random)() / 2)), undefined, { signal: stopping.signal }).catch(() => undefined);
        pause = Math.min(longest, pause * 2);
      }
    }
  };

  const loops = [
    repeat(() => pull(bng, client, settings.waitSeconds ?? 30)),
    sleep((settings.reportSeconds ?? 15) * 1000, undefined, { signal: stopping.signal })
      .then(() => repeat(reporter(bng, client, (settings.reportSeconds ?? 15) * 1000, stopping.signal)))
      .catch(() => undefined),
  ];
  const stop = async () => {
    stopping.abort();
    await Promise.all(loops);
    await bng.close();
  };
  try {
    const server = await startJsonServer(settings.port ?? 0, (request) =>
      request.method === 'GET' && request.url === '/' ? { status: 200, body: { ...bng.status(), mode: 'pull', controller: settings.controllerUrl, ...contact } } : { status: 404, body: { errors: ['there is only GET /'] } },
    );
    return { url: server.url, port: server.port, held: () => bng.held(), stop: () => Promise.all([server.stop(), stop()]).then(() => undefined) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function pull(bng: Bng, client: SouthboundClient, waitSeconds: number): Promise<void> {
  const held = bng.state.document;
  // A confirmation that was lost: said again, as nobody will ask for it.
  if (held !== null && bng.state.acknowledged !== held.revision) await acknowledge(bng, client, held.revision);
  const value = await client.pullDocument(held?.revision ?? null, waitSeconds);
  if (value === null) return;
  const { document, errors } = await bng.take(value);
  if (document !== null) return acknowledge(bng, client, document.revision);
  const revision = (value as { revision?: unknown }).revision;
  if (typeof revision === 'string') await client.acknowledge({ revision, applied: false, errors: errors.map((each) => each.slice(0, 500)) });
  throw new Error(`the document was refused: ${errors.join('; ')}`);
}

async function acknowledge(bng: Bng, client: SouthboundClient, revision: string): Promise<void> {
  try {
    await client.acknowledge({ revision, applied: true, errors: [] });
  } catch (error) {
    // The controller has meanwhile a newer one and forgot ours: the next pull brings it.
    if (!(error instanceof SouthboundProblem && error.code === 'revision-unknown')) throw error;
  }
  await bng.remember({ acknowledged: revision });
}

/** Each report is sent until it is stored, under the same sequence; then the next is due. */
function reporter(bng: Bng, client: SouthboundClient, interval: number, signal: AbortSignal): () => Promise<void> {
  let unsent: components['schemas']['UsageReport'] | null = null;
  return async () => {
    unsent ??= {
      sequence: bng.state.sequence + 1,
      ...(bng.state.document === null ? {} : { revision: bng.state.document.revision }),
      ranges: bng.usage(true).map(({ id, assigned, total, peak, average }) => ({ id, assigned, total, peak, average })),
    };
    const { lastSequence } = await client.report(unsent);
    await bng.remember({ sequence: Math.max(lastSequence, unsent.sequence) });
    unsent = null;
    await sleep(interval, undefined, { signal });
  };
}

/** fetch hides the reason of a failed connection in its cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause;
  return cause instanceof Error && 'code' in cause ? `${error.message} (${String(cause.code)})` : error.message;
}
