/**
 * Two controllers on one database, and how an orchestrator speaks to them: to either, and where one does not answer, again
 * to the other under the same Idempotency-Key.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BuiltController } from '../journeys/built-controller.js';
import { Api, type ApiAnswer } from '../support/api.js';
import { adminToken } from '../support/controller.js';

export interface Answered {
  readonly answer: ApiAnswer;
  /** Asked more than once: an earlier time may have been heard, though it was not answered. */
  readonly repeated: boolean;
}

export class TwoProcesses {
  /** Requests that got no answer and were asked again. */
  unanswered = 0;
  answered = 0;
  private readonly apis: readonly Api[];

  private constructor(readonly controllers: readonly [BuiltController, BuiltController]) {
    this.apis = controllers.map((controller) => new Api(controller.url, adminToken));
  }

  static async start(databaseUrl: string): Promise<TwoProcesses> {
    const first = await BuiltController.start(databaseUrl);
    try {
      return new TwoProcesses([first, await BuiltController.start(databaseUrl)]);
    } catch (error) {
      await first.stop();
      throw error;
    }
  }

  stop(): Promise<unknown> {
    return Promise.all(this.controllers.map((controller) => controller.stop()));
  }

  /** @param first the one to ask first: 0 or 1. */
  async ask(first: number, method: string, path: string, body?: unknown, key?: string): Promise<Answered> {
    for (let attempt = 0; ; attempt += 1) {
      const api = this.apis[(first + attempt) % 2] as Api;
      try {
        const answer = await api.ask(method, path, { body, headers: key === undefined ? {} : { 'idempotency-key': key } });
        this.answered += 1;
        return { answer, repeated: attempt > 0 };
      } catch (error) {
        if (!isBroken(error) || attempt === 200) throw error;
        this.unanswered += 1;
        // The other at once; both again after a moment.
        if (attempt % 2 === 1) await sleep(100);
      }
    }
  }
}

/** Refused, or ended before the answer; anything else is the test's own. supertest tells some of it in words alone. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && error.name !== 'AssertionError' && /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|aborted/i.test(`${(error as { code?: string }).code} ${error.message}`);
}
