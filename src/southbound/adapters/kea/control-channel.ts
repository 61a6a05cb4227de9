/**
 * Kea's control channel: one JSON command per HTTP POST to the control agent, answered by a list with one result per
 * service. HTTP is 200 whatever happens; the result code decides. Answers are checked here, so that the rest need not.
 */
import { type DeviceHandle, Reject, Retry } from '../../adapter.js';
import { deviceUrl, exchange, excerpt } from '../exchange.js';
import { isObject, type Json, type JsonObject, parseExactJson } from './exact-json.js';
import type { KeaService } from './kea-service.js';

/** The result codes of Kea. */
export const result = { success: 0, error: 1, unsupported: 2, empty: 3 } as const;

export interface Reply {
  readonly result: number;
  readonly text: string;
  readonly arguments: Json;
}

/** The agent answers, the server behind it does not. */
export class ServiceOffline extends Retry {}
/** The agent has no such server behind it. */
export class ServiceAbsent extends Reject {}

const timeoutMilliseconds = 20_000;

export class ControlChannel {
  private readonly url: URL;

  /** @throws Reject when the device cannot be spoken to as it is described */
  constructor(private readonly device: DeviceHandle) {
    this.url = deviceUrl(device.endpoint, device.credentials);
  }

  /**
   * One command to one service. Resolves with whatever result code the server gave.
   * @throws Retry when there was no answer; Reject when what answers is not a Kea control agent, or does not know us
   */
  async command(service: KeaService, command: string, args?: JsonObject): Promise<Reply> {
    const answer = await exchange({
      method: 'POST',
      url: this.url,
      headers: { 'content-type': 'application/json', ...this.authorization() },
      body: JSON.stringify({ command, service: [service.name], ...(args === undefined ? {} : { arguments: args }) }),
      signal: this.device.signal,
      timeoutMilliseconds,
    });
    if (answer.status === 401) throw new Reject('the control agent refuses our user name or password');
    if (answer.status >= 500) throw new Retry(`the control agent answered ${answer.status} to ${command}`);
    if (answer.status !== 200) throw new Reject(`the control agent answered ${answer.status} to ${command}: ${excerpt(answer.text)}`);
    return forwarded(service, replyFrom(command, answer.text));
  }

  private authorization(): Record<string, string> {
    const { username, password } = this.device.credentials;
    if (username === undefined) return {};
    return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
  }
}

function replyFrom(command: string, text: string): Reply {
  let parsed: Json;
  try {
    parsed = parseExactJson(text);
  } catch (error) {
    throw new Reject(`what answers ${command} is not a Kea control agent: no JSON`, { cause: error });
  }
  const reply = Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : undefined;
  if (!isObject(reply) || typeof reply['result'] !== 'number') {
    throw new Reject(`what answers ${command} is not a Kea control agent: no list with one result`);
  }
  const said = reply['text'];
  return { result: reply['result'], text: typeof said === 'string' ? excerpt(said) : '', arguments: reply['arguments'] ?? null };
}

/** Failures of the agent to reach its server come as result 1 too, told apart by their text only. */
function forwarded(service: KeaService, reply: Reply): Reply {
  if (reply.result !== result.error) return reply;
  if (reply.text.startsWith('forwarding socket is not configured')) throw new ServiceAbsent(`the control agent has no ${service.name} service`);
  if (reply.text.startsWith('unable to forward command')) throw new ServiceOffline(`the ${service.name} service does not answer: ${reply.text}`);
  return reply;
}
