/** One closed list of codes, in three places that must not drift apart: the model, the contract, the filter. */
import { Logger, type ArgumentsHost } from '@nestjs/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { northbound } from '../../src/contract/contract.js';
import { ProblemFilter } from '../../src/http/problem.filter.js';
import { CasmError, errorCodes } from '../../src/model/errors.js';

interface Components {
  readonly components: { readonly schemas: { readonly ProblemCode: { readonly enum: readonly string[] } } };
}

beforeAll(() => Logger.overrideLogger(false));
afterAll(() => Logger.overrideLogger(['log']));

test('the codes of the model are the codes of the contract, sorted and each once', () => {
  expect([...errorCodes]).toEqual((northbound.document as unknown as Components).components.schemas.ProblemCode.enum);
  expect([...errorCodes]).toEqual([...new Set(errorCodes)].toSorted());
});

interface Sent {
  status?: number;
  headers: Record<string, unknown>;
  body?: Record<string, unknown>;
}

function filtered(thrown: Error): Sent {
  const sent: Sent = { headers: {} };
  const reply = {
    status: (status: number) => ((sent.status = status), reply),
    header: (name: string, value: unknown) => ((sent.headers[name] = value), reply),
    send: (text: string) => ((sent.body = JSON.parse(text) as Record<string, unknown>), reply),
  };
  const request = { id: 'request-1', method: 'GET', url: '/', headers: {} };
  const host = { switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }) } as unknown as ArgumentsHost;
  new ProblemFilter().catch(thrown, host);
  return sent;
}

test.each(errorCodes.filter((code) => code !== 'internal-error'))('%s leaves as a problem with a status of its own kind', (code) => {
  const { status = 0, headers, body } = filtered(new CasmError(code, 'what was wrong', { allowed: ['GET'] }));
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(code === 'not-ready' ? 504 : 500);
  expect(headers['content-type']).toBe('application/problem+json');
  expect(body).toMatchObject({ status, code, detail: 'what was wrong', requestId: 'request-1', type: `/docs/problems#${code}`, allowed: ['GET'] });
  if (code.endsWith('-not-found')) expect(status).toBe(404);
});

test('what our own side got wrong says nothing of itself but the request id', () => {
  const { status, body } = filtered(new Error('select secret from tokens'));
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(body).toMatchObject({ code: 'internal-error', requestId: 'request-1' });
});
