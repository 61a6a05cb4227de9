/**
 * Pushes the whole document over HTTP to a device that takes it as it is: PUT {endpoint}/document, and GET to see what
 * it holds. PUT replaces, so a repeated delivery is harmless and nothing needs to be remembered between two of them.
 */
import type { DeviceDocument } from '../../../model/document.js';
import { type Adapter, type Capabilities, type DeviceHandle, type Observation, type ObservedRange, Reject, Retry } from '../../adapter.js';
import { type Answer, deviceUrl, exchange, excerpt } from '../exchange.js';

const timeoutMilliseconds = 15_000;
/** Statuses of devices and proxies that pass by themselves: timeout, too early, too many requests. */
const passing = new Set([408, 425, 429]);

export class HttpAdapter implements Adapter {
  readonly kind = 'http';
  readonly capabilities: Capabilities = { passiveDrain: true, activeDrain: false, perRangeCounts: true };

  async apply(device: DeviceHandle, document: DeviceDocument): Promise<void> {
    const answer = await this.send(device, 'PUT', JSON.stringify(document));
    if (answer.status === 409 || answer.status === 422) throw new Reject(`the device refused revision ${document.revision}: ${errorsOf(answer)}`);
    const told = objectOf(accepted(answer));
    if (told['applied'] === false) throw new Reject(`the device did not apply revision ${document.revision}: ${errorsOf(answer)}`);
    if (told['applied'] !== true) throw new Reject('the answer to PUT document does not say whether it is applied');
    if (String(told['revision']) !== document.revision) {
      throw new Retry(`the device confirmed revision ${excerpt(String(told['revision']))}, not ${document.revision}`);
    }
  }

  async observe(device: DeviceHandle): Promise<Observation> {
    const answer = await this.send(device, 'GET');
    if (answer.status === 404) return { ranges: [] };
    const ranges = objectOf(accepted(answer))['ranges'];
    if (!Array.isArray(ranges)) throw new Reject('the answer to GET document has no list of ranges');
    return { ranges: ranges.map(observedRange) };
  }

  private async send(device: DeviceHandle, method: 'GET' | 'PUT', body?: string): Promise<Answer> {
    const base = deviceUrl(device.endpoint, device.credentials);
    const url = new URL(`${base.pathname.replace(/\/+$/, '')}/document`, base);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const secret = device.credentials['secret'];
    if (secret !== undefined) headers['authorization'] = `Bearer ${secret}`;
    return await exchange({ method, url, headers, body, signal: device.signal, timeoutMilliseconds });
  }
}

/** The parsed body of a 200. @throws Retry, Reject for every other status */
function accepted(answer: Answer): unknown {
  if (answer.status === 200) {
    try {
      return JSON.parse(answer.text);
    } catch (error) {
      throw new Reject('the device answered 200 with what is not JSON', { cause: error });
    }
  }
  const told = `the device answered ${answer.status}: ${excerpt(answer.text) || 'nothing more'}`;
  if (answer.status < 500 && !passing.has(answer.status)) throw new Reject(told);
  const after = answer.headers.get('retry-after');
  throw new Retry(told, after !== null && /^\d{1,6}$/.test(after) ? { afterSeconds: Number(after) } : {});
}

function observedRange(value: unknown): ObservedRange {
  const range = objectOf(value);
  const { prefix, state } = range;
  if (typeof prefix !== 'string' || typeof state !== 'string') throw new Reject('a range of the device lacks its prefix or its state');
  return { prefix, state, assigned: count(range['assigned']), total: count(range['total']) };
}

/** A count as a decimal string; null for what is none. */
function count(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  return typeof value === 'string' && /^\d{1,39}$/.test(value) ? value : null;
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Reject('the device answered with what is not an object');
  return Object.fromEntries(Object.entries(value));
}

/** The device's own reasons, whatever their shape; without any, what it sent. */
function errorsOf(answer: Answer): string {
  try {
    const told: unknown = JSON.parse(answer.text);
    if (typeof told === 'object' && told !== null && 'errors' in told && Array.isArray(told.errors) && told.errors.length > 0) {
      return excerpt(told.errors.map((error) => (typeof error === 'string' ? error : JSON.stringify(error))).join('; '));
    }
  } catch {
    // then the bare text has to do
  }
  return excerpt(answer.text) || 'it gave no reason';
}
