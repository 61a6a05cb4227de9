/** One HTTP exchange with the parent: a deadline, a bounded answer, no redirects. Every failure is one that may pass. */
import { upDownContentType } from '../../../rpki/updown/message.js';
import { Retry } from '../../adapter.js';

const deadlineMilliseconds = 60_000;
const largestAnswer = 1024 * 1024;

/** @returns the body of a 200. @throws Retry for any other status, a silent or unreachable parent, or when `signal` is raised */
export async function post(uri: string, body: Buffer, signal: AbortSignal): Promise<Buffer> {
  const deadline = AbortSignal.timeout(deadlineMilliseconds);
  try {
    const response = await fetch(uri, {
      method: 'POST',
      headers: { 'content-type': upDownContentType },
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    });
    const answer = await readBounded(response);
    if (response.status === 200) return answer;
    throw new Retry(`the parent answered HTTP ${response.status}: ${excerpt(answer.toString('utf8'))}`, retryAfter(response.headers));
  } catch (error) {
    if (error instanceof Retry) throw error;
    if (signal.aborted) throw new Retry('the exchange with the parent was ended', { cause: error });
    if (deadline.aborted) throw new Retry(`the parent gave no answer within ${deadlineMilliseconds / 1000} s`, { cause: error });
    throw new Retry(`cannot reach the parent at ${new URL(uri).origin} (${reasonOf(error)})`, { cause: error });
  }
}

async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestAnswer) throw new Retry('the answer of the parent exceeds a mebibyte');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function retryAfter(headers: Headers): { afterSeconds?: number } {
  const after = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(after) ? { afterSeconds: Number(after) } : {};
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line || 'nothing more';
}

/** fetch says "fetch failed" and hides the errno in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return String(cause);
}
