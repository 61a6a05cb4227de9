import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startPushedBng } from '../../../../src/lab/bng-emulator/pushed-bng.js';
import { Reject, Retry } from '../../../../src/southbound/adapter.js';
import { HttpAdapter } from '../../../../src/southbound/adapters/http/http-adapter.js';
import { networkAdapterContract } from '../../adapter-contract.js';
import { startBreakableLine } from '../../breakable-line.js';
import { deviceHandle, memoryInTest } from '../../contract-device.js';
import { documentOf, v4Range } from '../../contract-documents.js';

const credentials = { secret: 'a secret of the lab' };

networkAdapterContract('http with an emulated BNG', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'casm-bng-'));
  const bng = await startPushedBng({ name: 'bng-1', stateFile: join(folder, 'state.json'), secret: credentials.secret, homes: 0 });
  const line = await startBreakableLine(bng.url);
  const memory = memoryInTest();
  return {
    adapter: new HttpAdapter(),
    handle: (signal) => deviceHandle({ endpoint: line.url, memory, credentials, ...(signal === undefined ? {} : { signal }) }),
    held: async () => bng.held().map(({ prefix, state }) => ({ prefix, state })),
    line,
    changes: null,
    refused: (revision) => documentOf(revision, [{ ...v4Range('10.77.9.0/24'), upperAddress: '10.99.0.9' }]),
    stop: async () => {
      await line.stop();
      await bng.stop();
      await rm(folder, { recursive: true });
    },
  };
});

describe('http adapter', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  /** A device that says the same to everything. */
  async function deviceSaying(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(status, headers).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/bng`;
  }
  const applyTo = async (endpoint: string): Promise<unknown> => {
    const device = deviceHandle({ endpoint, memory: memoryInTest(), credentials });
    return new HttpAdapter().apply(device, documentOf('7', [v4Range('192.0.2.0/24')])).then(
      () => 'applied',
      (error: unknown) => error,
    );
  };

  it('is done only when the device has confirmed this revision', async () => {
    expect(await applyTo(await deviceSaying(200, '{"revision":"7","applied":true}'))).toBe('applied');
    expect(await applyTo(await deviceSaying(200, '{"revision":"6","applied":true}'))).toBeInstanceOf(Retry);
    expect(await applyTo(await deviceSaying(200, '{"revision":"7"}'))).toBeInstanceOf(Reject);
    expect(await applyTo(await deviceSaying(200, '<html>'))).toBeInstanceOf(Reject);
  });

  it.each([409, 422])('tells the reasons of a device that refuses with %i', async (status) => {
    const error = await applyTo(await deviceSaying(status, '{"errors":["no such VRF",{"range":"x"}]}'));
    expect(error).toBeInstanceOf(Reject);
    expect(error).toMatchObject({ message: 'the device refused revision 7: no such VRF; {"range":"x"}' });
  });

  it.each([301, 400, 401, 403, 404])('parks the delivery at %i', async (status) => {
    expect(await applyTo(await deviceSaying(status, 'no', { location: 'http://127.0.0.1:1/' }))).toBeInstanceOf(Reject);
  });

  it.each([408, 429, 500, 503])('tries again after %i', async (status) => {
    const error = await applyTo(await deviceSaying(status, '', { 'retry-after': '30' }));
    expect(error).toBeInstanceOf(Retry);
    expect(error).toMatchObject({ afterSeconds: 30 });
  });

  it('sends no secret in clear beyond this machine unless told to', async () => {
    expect(await applyTo('http://bng.example.net/')).toMatchObject({ name: 'Reject', message: expect.stringContaining('in clear') });
    expect(await applyTo('ftp://bng.example.net/')).toBeInstanceOf(Reject);
    expect(await applyTo('https://user:password@bng.example.net/')).toBeInstanceOf(Reject);
  });

  it('does not tell the secret in an error', async () => {
    const error = await applyTo(await deviceSaying(403, 'go away'));
    expect(JSON.stringify([error, String(error)])).not.toContain(credentials.secret);
  });

  it('takes counts only where they are counts', async () => {
    const ranges = [
      { prefix: '192.0.2.0/24', state: 'active', assigned: 3, total: '253' },
      { prefix: '198.51.100.0/24', state: 'draining', assigned: -1, total: 1.5 },
    ];
    const endpoint = await deviceSaying(200, JSON.stringify({ ranges }));
    expect(await new HttpAdapter().observe(deviceHandle({ endpoint, memory: memoryInTest() }))).toEqual({
      ranges: [
        { prefix: '192.0.2.0/24', state: 'active', assigned: '3', total: '253' },
        { prefix: '198.51.100.0/24', state: 'draining', assigned: null, total: null },
      ],
    });
  });
});
