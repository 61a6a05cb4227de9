/** Server-sent events (WHATWG HTML §9.2): who wants them, and how they are written. Knows not what they tell. */
import { Readable } from 'node:stream';
import type { CasmRequest } from './request-context.js';
import { Answer } from './answers.js';

export interface ServerSentEvent {
  /** What a client comes back with as Last-Event-ID. */
  readonly id: string;
  /** Without type and data it is a sign of life: the client notes the id, and is told nothing. */
  readonly type?: string;
  readonly data?: unknown;
}

/** Whether the client asks for a stream; HEAD gets the headers of the other form, since a stream has no end. */
export function wantsStream(request: CasmRequest): boolean {
  return request.method === 'GET' && /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(request.headers.accept ?? '');
}

/**
 * Answers with a stream that is sent as fast as the client reads. The signal comes as soon as the client is gone, and in any case.
 * @throws whatever `open` throws, before anything is sent
 */
export function eventStream(open: (ended: AbortSignal) => AsyncIterable<ServerSentEvent>): Answer {
  const ending = new AbortController();
  const pieces = written(open(ending.signal), ending.signal);
  const stream = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      pieces.next().then(
        ({ value, done }) => this.push(done === true ? null : value),
        (error: Error) => this.destroy(error),
      );
    },
    // Readable.from would first wait for the piece that is being waited for.
    destroy(error, done) {
      ending.abort();
      done(error);
    },
  });
  return new Answer(stream, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
}

async function* written(events: AsyncIterable<ServerSentEvent>, ended: AbortSignal): AsyncGenerator<string> {
  yield 'retry: 2000\n\n';
  try {
    for await (const { id, type, data } of events) yield type === undefined ? `: alive\nid: ${id}\n\n` : `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  } catch (error) {
    // The status is sent: the stream ends, and the client comes back to hear why, or to go on.
    if (!ended.aborted) yield `: ended: ${error instanceof Error ? error.name : 'error'}\n\n`;
  }
}
