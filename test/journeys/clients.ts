/**
 * Orchestrators: parallel clients that allocate and release over HTTP. One that gets no answer asks again under the same
 * Idempotency-Key; one that is refused fails the test.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Api, ApiAnswer } from '../support/api.js';
import type { AllocationRequest } from './requests.js';

/** What a client was told it has. */
export interface Allocated {
  readonly id: string;
  readonly prefix: string;
  readonly request: AllocationRequest;
}

export interface Counters {
  /** Requests that got no answer and were asked again. */
  unanswered: number;
  /** Answers that an earlier, unanswered request had earned. */
  replayed: number;
}

/** Works through the jobs with so many clients at a time. @returns the results in the order of the jobs */
export async function inParallel<Job, Result>(clients: number, jobs: readonly Job[], work: (job: Job, at: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) results[at] = await work(jobs[at] as Job, at);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return results;
}

export async function allocate(api: Api, request: AllocationRequest, key: string, counters: Counters): Promise<Allocated> {
  const { answer } = await persist(() => api.post('/v1/allocations', request, { headers: { 'idempotency-key': key } }), counters);
  expect(answer.status, `${JSON.stringify(request)}: ${JSON.stringify(answer.body)}`).toBe(201);
  expect(answer.body.request).toEqual(request);
  expect(answer.body.prefix).toMatch(new RegExp(`/${request.prefixLength}$`));
  if (answer.headers.get('idempotency-replayed') === 'true') counters.replayed += 1;
  return { id: answer.body.id, prefix: answer.body.prefix, request };
}

/** Gone is gone: a repeated release may find that the first one freed it. */
export async function release(api: Api, { id }: Allocated, counters: Counters): Promise<void> {
  const { answer, repeated } = await persist(() => api.delete(`/v1/allocations/${id}`), counters);
  if (repeated && answer.status === 404) return;
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(['withdrawing', 'quarantined', 'free']).toContain(answer.body.state);
}

async function persist(ask: () => Promise<ApiAnswer>, counters: Counters): Promise<{ answer: ApiAnswer; repeated: boolean }> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return { answer: await ask(), repeated: attempt > 0 };
    } catch (error) {
      if (!isBroken(error) || attempt === 600) throw error;
      counters.unanswered += 1;
      await sleep(100);
    }
  }
}

/** The connection was refused, or ended before the answer; anything else is the test's own. supertest tells some in words alone. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && error.name !== 'AssertionError' && /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|aborted/i.test(`${(error as { code?: string }).code} ${error.message}`);
}
