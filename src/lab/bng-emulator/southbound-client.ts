/**
 * The pulling device's side of openapi/southbound.yaml: one method a request. Adds deadlines and turns every refusal into
 * a SouthboundProblem; does not retry.
 */
import type { components } from '../../contract/southbound.generated.js';

type Schemas = components['schemas'];

/** The controller answered, and said no. */
export class SouthboundProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What the answer's Retry-After asks for, seconds. */
    readonly retryAfter: number | undefined,
  ) {
    super(`${status} ${code}: ${detail}`);
    this.name = 'SouthboundProblem';
  }
}

export class SouthboundClient {
  constructor(
    private readonly controllerUrl: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @returns the document as it came, or null when `revision` is still the current one after `waitSeconds`. */
  async pullDocument(revision: string | null, waitSeconds: number): Promise<unknown> {
    const headers: Record<string, string> = revision === null ? {} : { 'if-none-match': `"${revision}"`, prefer: `wait=${waitSeconds}` };
    const response = await this.send('GET', 'document', waitSeconds + 15, headers);
    if (response.status === 304) return null;
    return response.json();
  }

  async acknowledge(acknowledgement: Schemas['Acknowledgement']): Promise<Schemas['AcknowledgementReceipt']> {
    const response = await this.send('POST', 'acks', 15, {}, acknowledgement);
    return (await response.json()) as Schemas['AcknowledgementReceipt'];
  }

  async report(report: Schemas['UsageReport']): Promise<Schemas['ReportReceipt']> {
    const response = await this.send('POST', 'reports', 15, {}, report);
    return (await response.json()) as Schemas['ReportReceipt'];
  }

  private async send(method: string, path: string, timeoutSeconds: number, headers: Record<string, string>, body?: object): Promise<Response> {
    const response = await fetch(`${this.controllerUrl}/southbound/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
    });
    if (response.ok || response.status === 304) return response;
    const problem = (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']>;
    const after = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
    throw new SouthboundProblem(response.status, problem.code ?? 'unknown', problem.detail ?? 'no detail', Number.isNaN(after) ? undefined : after);
  }
}
