/**
 * A client that holds every answer against the contract: a status, media type, header or body the contract does not
 * know fails the test that met it. All tests that speak HTTP to the controller speak through this.
 */
import supertest from 'supertest';
import { expect } from 'vitest';
import { allOperations, type ContractOperation } from '../../src/contract/contract.js';

// oxlint-disable-next-line typescript/no-explicit-any -- the contract has checked the shape; a test names what it expects
export interface ApiAnswer<Body = any> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another token than the client's own; null for none. */
  readonly token?: string | null;
}

function operationOf(method: string, path: string): ContractOperation | undefined {
  return allOperations.find(
    (operation) => operation.method === method && new RegExp(`^${operation.path.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path),
  );
}

export class Api {
  constructor(
    readonly url: string,
    private readonly token: string | null,
  ) {}

  as(token: string | null): Api {
    return new Api(this.url, token);
  }

  get(path: string, options?: AskOptions): Promise<ApiAnswer> {
    return this.ask('GET', path, options);
  }

  post(path: string, body?: unknown, options?: AskOptions): Promise<ApiAnswer> {
    return this.ask('POST', path, { ...options, body });
  }

  patch(path: string, body: unknown, options?: AskOptions): Promise<ApiAnswer> {
    return this.ask('PATCH', path, { ...options, body });
  }

  delete(path: string, options?: AskOptions): Promise<ApiAnswer> {
    return this.ask('DELETE', path, options);
  }

  async ask(method: string, path: string, { body, headers = {}, token = this.token }: AskOptions = {}): Promise<ApiAnswer> {
    const verb = method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete' | 'put' | 'head' | 'options';
    let request = supertest(this.url)[verb](path).redirects(0).set(headers);
    if (token !== null) request = request.set('authorization', `Bearer ${token}`);
    if (body !== undefined) request = typeof body === 'string' ? request.type(headers['content-type'] ?? 'text/plain').send(body) : request.send(body as object);
    const answer = read(await request);
    check(method, path, answer);
    return answer;
  }

  /** Asks, and fails unless the answer has this status; the failure shows the problem. */
  async expect(status: number, method: string, path: string, options?: AskOptions): Promise<ApiAnswer['body']> {
    const answer = await this.ask(method, path, options);
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer.body;
  }

  /** Asks for what must be refused, and answers with the problem. */
  async problem(code: string, method: string, path: string, options?: AskOptions): Promise<ApiAnswer['body']> {
    const answer = await this.ask(method, path, options);
    expect(answer.body?.code, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`).toBe(code);
    return answer.body;
  }
}

function read(response: supertest.Response): ApiAnswer {
  const headers = new Headers(Object.entries(response.headers as Record<string, string | string[]>).map(([name, value]) => [name, String(value)]));
  const isJson = /json/.test(headers.get('content-type') ?? '');
  const body: unknown = isJson ? response.body : response.text || undefined;
  return { status: response.status, headers, body };
}

function check(method: string, path: string, { status, headers, body }: ApiAnswer): void {
  const operation = operationOf(method, path.split('?')[0] ?? '');
  const mediaType = headers.get('content-type')?.split(';')[0];
  expect(headers.get('x-request-id'), `${method} ${path} answers without a request id`).toBeTruthy();
  // Outside the contract there are only refusals, and they are problems too.
  if (operation === undefined) {
    if (status >= 400) expect(mediaType, `${method} ${path}`).toBe('application/problem+json');
    return;
  }
  expect(operation.validateAnswer(status, mediaType, body), `${method} ${path} answers ${status} ${JSON.stringify(body)?.slice(0, 500)}`).toEqual([]);
}
