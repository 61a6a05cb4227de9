import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPushedBng, type PushedBng } from '../../../src/lab/bng-emulator/pushed-bng.js';
import { type DeviceHandle, Reject } from '../../../src/southbound/adapter.js';
import { HttpAdapter } from '../../../src/southbound/adapters/http/http-adapter.js';
import { device, documentOf, v4Range, v6Range } from './documents.js';

const secret = 'push-secret';
/** The http adapter remembers nothing and certifies nothing. */
const unused = new Proxy({} as DeviceHandle['memory'] & DeviceHandle['certificates'], {
  get() {
    throw new Error('not for this adapter');
  },
});
let folder: string;
let bng: PushedBng;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-bng-'));
  bng = await start();
});

afterEach(async () => {
  await bng.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = () => startPushedBng({ name: 'bng-south-1', secret, stateFile: join(folder, 'state.json') });

async function ask(method: string, path: string, body?: unknown, token: string | null = secret): Promise<{ status: number; body: unknown }> {
  const response = await fetch(bng.url + path, {
    method,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

describe('a pushed BNG', () => {
  it('takes a document, tells it with usage, and has it after a restart', async () => {
    expect((await ask('GET', '/document')).status).toBe(404);
    const document = documentOf(7, [v4Range('192.0.2.0/24'), v6Range('2001:db8::/40')]);
    expect(await ask('PUT', '/document', document)).toEqual({ status: 200, body: { revision: '7', applied: true } });
    expect(await ask('PUT', '/document', document)).toEqual({ status: 200, body: { revision: '7', applied: true } });
    await bng.stop();
    bng = await start();
    expect(bng.held()).toEqual(document.ranges);
    const told = (await ask('GET', '/document')).body;
    expect(told).toMatchObject({
      document,
      ranges: [
        { id: document.ranges[0]?.id, prefix: '192.0.2.0/24', state: 'active', total: '253', assigned: expect.stringMatching(/^\d+$/) as string },
        { prefix: '2001:db8::/40', total: '65536' },
      ],
    });
  });

  it('refuses overlaps, wrong families, strange addresses, other devices and the past; keeps what it has', async () => {
    await ask('PUT', '/document', documentOf(7, [v4Range('192.0.2.0/24')]));
    const refused: [unknown, RegExp][] = [
      [documentOf(8, [v4Range('192.0.2.0/24'), v4Range('192.0.2.64/26')]), /^range 192.0.2.64\/26 overlaps 192.0.2.0\/24$/],
      [documentOf(8, [v4Range('192.0.2.0/24', { family: 'ipv6' })]), /is not ipv6/],
      [documentOf(8, [v4Range('192.0.2.0/24', { gateway: '198.51.100.1' })]), /198.51.100.1 is not in range/],
      [documentOf(8, [v4Range('192.0.2.0/24', { prefix: '192.0.2.1/24' })]), /has bits set beyond its length/],
      [documentOf(8, [v6Range('2001:db8::/40', 32)]), /cannot be delegated in \/32/],
      [{ ...documentOf(8, []), device: '0192f5f0-0000-7000-8000-0000000000ff' }, /the document is for device/],
      [documentOf(6, []), /^revision 6 is older than revision 7/],
      [{ revision: 8 }, /not a device document/],
    ];
    for (const [document, reason] of refused) {
      const { status, body } = await ask('PUT', '/document', document);
      expect(status).toBe(409);
      expect((body as { errors: string[] }).errors[0]).toMatch(reason);
    }
    expect(bng.held().map((range) => range.prefix)).toEqual(['192.0.2.0/24']);
  });

  it('is shut to strangers and to what is too much', async () => {
    for (const token of [null, 'wrong', '']) {
      expect((await ask('PUT', '/document', documentOf(1, []), token)).status).toBe(401);
      expect((await ask('GET', '/document', undefined, token)).status).toBe(401);
    }
    expect((await ask('PUT', '/document', 'x')).status).toBe(400);
    expect((await ask('PUT', '/document', ' '.repeat(8 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await ask('DELETE', '/document')).status).toBe(404);
    expect(await ask('GET', '/', undefined, null)).toMatchObject({ status: 200, body: { name: 'bng-south-1', mode: 'push', revision: null } });
  });

  it('understands the adapter that the controller pushes with', async () => {
    const adapter = new HttpAdapter();
    const handle = (credentials: Record<string, string>): DeviceHandle => ({ id: device, name: 'bng-south-1', endpoint: bng.url, credentials, signal: new AbortController().signal, memory: unused, certificates: unused });
    expect(await adapter.observe(handle({ secret }))).toEqual({ ranges: [] });
    await adapter.apply(handle({ secret }), documentOf(3, [v4Range('192.0.2.0/24', { state: 'draining' })]));
    expect(await adapter.observe(handle({ secret }))).toEqual({ ranges: [{ prefix: '192.0.2.0/24', state: 'draining', assigned: '0', total: '253' }] });
    await expect(adapter.apply(handle({ secret }), documentOf(2, []))).rejects.toThrow(/the device refused revision 2: revision 2 is older than revision 3/);
    await expect(adapter.apply(handle({ secret: 'wrong' }), documentOf(4, []))).rejects.toThrow(Reject);
  });

  it('survives a state file that cannot be read', async () => {
    await bng.stop();
    await writeFile(join(folder, 'state.json'), '{"document": {"revi');
    bng = await start();
    expect(bng.held()).toEqual([]);
    expect((await ask('PUT', '/document', documentOf(1, []))).status).toBe(200);
  });

  it('says so when its port is taken', async () => {
    await expect(startPushedBng({ name: 'other', secret, port: bng.port, stateFile: join(folder, 'other.json') })).rejects.toThrow(`cannot listen on 127.0.0.1:${bng.port} (EADDRINUSE)`);
  });
});
