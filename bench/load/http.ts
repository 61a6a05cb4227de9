/**
 * A load of POST requests over so many connections, each waiting for its answer before it sends the next, each request
 * under an Idempotency-Key of its own. Whatever is not the expected status is a failure.
 */
import autocannon from 'autocannon';
import type { Load } from '../samples.js';
import { onOrder } from './run-load.js';

export interface HttpOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn by each connection. */
  readonly bodies: readonly string[];
  readonly status: number;
  readonly connections: number;
  /** How long; or else how many. */
  readonly seconds?: number;
  readonly requests?: number;
}

onOrder(async ({ url, headers, bodies, status, connections, seconds, requests: amount }: HttpOrder): Promise<Load> => {
  const latencies: number[] = [];
  const reasons: string[] = [];
  let failures = 0;
  const fail = (reason: string): void => {
    failures += 1;
    if (reasons.length < 5) reasons.push(reason);
  };
  const began = performance.now();
  // Each connection has its own sequence of ids; the number of the body keeps apart what one id would serve twice.
  const requests = bodies.map((body, at) => ({ method: 'POST' as const, body, headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': `${at}-[<id>]` } }));
  await new Promise<void>((resolve, reject) => {
    const running = autocannon({ url, connections, ...(amount === undefined ? { duration: seconds } : { amount }), timeout: 10, idReplacement: true, requests }, (error) => (error ? reject(error as Error) : resolve()));
    // Its own figures are whole milliseconds: we keep what it measured. A request without an answer in time is an error too.
    running.on('response', (_client, answered, _bytes, milliseconds) => {
      if (answered === status) latencies.push(milliseconds);
      else fail(`status ${answered}`);
    });
    running.on('reqError', (error: Error) => fail(error.message));
  });
  return { seconds: (performance.now() - began) / 1000, latencies: Float64Array.from(latencies), failures, reasons };
});
