/** The stream as a value: what is written, and that whoever feeds it hears at once that nobody reads any more. */
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { eventStream, type ServerSentEvent } from '../../src/http/event-stream.js';

async function* two(): AsyncGenerator<ServerSentEvent> {
  yield { id: 'a', type: 'space.created', data: { name: 'one\ntwo' } };
  yield { id: 'b' };
}

test('events and signs of life are written as the standard reads them', async () => {
  const written = await text(eventStream(two).body as Readable);
  expect(written).toBe('retry: 2000\n\nid: a\nevent: space.created\ndata: {"name":"one\\ntwo"}\n\n: alive\nid: b\n\n');
});

test('when the client goes, the signal comes at once, whatever is being waited for', async () => {
  let heard: AbortSignal | undefined;
  const waiting = async function* (ended: AbortSignal): AsyncGenerator<ServerSentEvent> {
    heard = ended;
    yield { id: 'a' };
    await new Promise(() => undefined);
  };
  const stream = eventStream(waiting).body as Readable;
  await new Promise<void>((resolve) => stream.on('data', (piece: Buffer) => void (String(piece).includes('id: a') && resolve())));
  expect(heard?.aborted).toBe(false);
  stream.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard?.aborted).toBe(true);
});

test('a stream that ends gives its signal, too, and one that fails ends without a word of the inside', async () => {
  let heard: AbortSignal | undefined;
  const failing = async function* (ended: AbortSignal): AsyncGenerator<ServerSentEvent> {
    heard = ended;
    yield { id: 'a' };
    throw new Error('the password is secret');
  };
  const written = await text(eventStream(failing).body as Readable);
  expect(written).toContain('id: a');
  expect(written).not.toContain('secret');
  expect(heard?.aborted).toBe(true);
});
