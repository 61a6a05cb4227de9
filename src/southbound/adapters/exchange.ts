/**
 * One HTTP exchange with a device: a deadline, a bounded answer, no redirects (credentials would travel with them), and
 * transport failures told as Retry. Reads no status and no body: what an answer means is its adapter's to say.
 */
import { Reject, Retry } from '../adapter.js';

export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the exchange early. */
  readonly signal: AbortSignal;
  readonly timeoutMilliseconds: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Larger than any configuration seen (2 000 subnets are about one), small enough for the controller to hold a few. */
const answerLimitBytes = 64 * 1024 * 1024;

/** @throws Retry when no complete answer came in time; Reject when the answer is beyond all measure. */
export async function exchange(wanted: Exchange): Promise<Answer> {
  const deadline = AbortSignal.timeout(wanted.timeoutMilliseconds);
  try {
    const response = await fetch(wanted.url, {
      method: wanted.method,
      headers: wanted.headers,
      body: wanted.body,
      redirect: 'manual',
      signal: AbortSignal.any([wanted.signal, deadline]),
    });
    return { status: response.status, headers: response.headers, text: await readBounded(response) };
  } catch (error) {
    if (error instanceof Reject) throw error;
    if (wanted.signal.aborted) throw new Retry(`the exchange with ${wanted.url.origin} was ended`, { cause: error });
    if (deadline.aborted) throw new Retry(`${wanted.url.origin} gave no answer within ${wanted.timeoutMilliseconds / 1000} s`, { cause: error });
    throw new Retry(`cannot reach ${wanted.url.origin} (${reasonOf(error)})`, { cause: error });
  }
}

/**
 * The endpoint as a URL. Secrets go in clear to this machine only, unless the operator says `allowPlaintext: "true"`.
 * @throws Reject for what is no HTTP URL, carries credentials in itself, or would carry them in clear
 */
export function deviceUrl(endpoint: string, credentials: Readonly<Record<string, string>>): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw new Reject('the endpoint is not an http or https URL');
  if (url.username !== '' || url.password !== '') throw new Reject('the endpoint carries credentials: they belong into the credentials of the device');
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol === 'http:' && !loopback && credentials['allowPlaintext'] !== 'true') {
    throw new Reject(`${url.origin} would be sent secrets in clear: use https, or set allowPlaintext to "true"`);
  }
  return url;
}

/** What a device says, cut to what fits into a sentence for the operator. */
export function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > answerLimitBytes) throw new Reject(`the answer exceeds ${answerLimitBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** fetch says "fetch failed" and hides the errno in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return String(cause);
}
