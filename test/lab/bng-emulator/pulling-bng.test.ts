import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPullingBng, type PullingBng, type PullingBngSettings } from '../../../src/lab/bng-emulator/pulling-bng.js';
import { documentOf, v4Range } from './documents.js';
import { SouthboundDouble } from './southbound-double.js';

const token = 'casm_device_token';
let folder: string;
let door: SouthboundDouble;
let controllerUrl: string;
const running: PullingBng[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casm-bng-'));
  door = new SouthboundDouble(token);
  controllerUrl = await door.start();
});

afterEach(async () => {
  for (const bng of running.splice(0)) await bng.stop();
  await door.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: Partial<PullingBngSettings> = {}): Promise<PullingBng> {
  const bng = await startPullingBng({ name: 'bng-1', controllerUrl, token, stateFile: join(folder, 'bng-1.json'), pauses: [20, 80], reportSeconds: 0.05, homes: 60, sessionSeconds: 0.5, ...settings });
  running.push(bng);
  return bng;
}

const prefixes = (bng: PullingBng) => bng.held().map((range) => range.prefix);

describe('a pulling BNG', () => {
  it('takes a new revision as soon as it is there, keeps it and confirms it', async () => {
    door.publish(documentOf(1, [v4Range('192.0.2.0/24')]));
    const bng = await start();
    await expect.poll(() => door.acks).toEqual([{ revision: '1', applied: true, errors: [] }]);
    expect(prefixes(bng)).toEqual(['192.0.2.0/24']);
    await expect.poll(() => door.requests).toContain('GET /southbound/v1/document "1" wait=30');
    const began = Date.now();
    door.publish(documentOf(2, [v4Range('192.0.2.0/25'), v4Range('198.51.100.0/24')]));
    await expect.poll(() => door.acks.at(-1)?.revision, { interval: 5 }).toBe('2');
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(prefixes(bng)).toEqual(['192.0.2.0/25', '198.51.100.0/24']);
    await expect.poll(async () => JSON.parse(await readFile(join(folder, 'bng-1.json'), 'utf8')) as unknown).toMatchObject({ acknowledged: '2', document: { revision: '2' } });
  });

  it('keeps what it has while the controller is away, over its own restart too, and catches up', async () => {
    door.publish(documentOf(1, [v4Range('192.0.2.0/24')]));
    const first = await start();
    await expect.poll(() => door.acks.length).toBe(1);
    await first.stop();
    const { port } = door;
    await door.stop();

    const second = await start();
    expect(prefixes(second)).toEqual(['192.0.2.0/24']);
    const back = new SouthboundDouble(token);
    back.publish(documentOf(5, [v4Range('198.51.100.0/24')]));
    await expect.poll(async () => ((await (await fetch(second.url)).json()) as { lastError: string | null }).lastError).toMatch(/ECONNREFUSED/);
    await back.start(port);
    await expect.poll(() => back.acks, { timeout: 3000 }).toEqual([{ revision: '5', applied: true, errors: [] }]);
    await back.stop();
  });

  it('confirms again when the confirmation was lost', async () => {
    door.publish(documentOf(1, [v4Range('192.0.2.0/24')]));
    const bng = await start({ reportSeconds: 60 });
    await expect.poll(() => door.acks.length).toBe(1);
    await expect.poll(() => door.requests.at(-1)).toContain('wait=30');
    // The pull that is being held gets revision 2; its confirmation and two more requests fail.
    door.publish(documentOf(2, []));
    door.failures = { status: 503, times: 3 };
    await expect.poll(() => door.acks.at(-1)?.revision, { timeout: 3000 }).toBe('2');
    expect(prefixes(bng)).toEqual([]);
  });

  it('refuses an unsound document, says why, and goes on with what it has', async () => {
    door.publish(documentOf(3, [v4Range('192.0.2.0/24')]));
    const bng = await start();
    await expect.poll(() => door.acks.length).toBe(1);
    door.publish(documentOf(4, [v4Range('192.0.2.0/24'), v4Range('192.0.2.128/25')]));
    await expect.poll(() => door.acks.at(-1)).toEqual({ revision: '4', applied: false, errors: ['range 192.0.2.128/25 overlaps 192.0.2.0/24'] });
    expect(prefixes(bng)).toEqual(['192.0.2.0/24']);
    door.publish(documentOf(2, []));
    await expect.poll(() => door.acks.at(-1)).toEqual({ revision: '2', applied: false, errors: ['revision 2 is older than revision 3, which is held'] });
    expect(prefixes(bng)).toEqual(['192.0.2.0/24']);
    door.publish(documentOf(5, [v4Range('198.51.100.0/24')]));
    await expect.poll(() => prefixes(bng), { timeout: 3000 }).toEqual(['198.51.100.0/24']);
  });

  it('reports believable usage, each sequence once, and resumes from what the controller has', async () => {
    door.publish(documentOf(1, [v4Range('192.0.2.0/26')]));
    door.reports.set(40, { sequence: 40, ranges: [] });
    await start();
    await expect.poll(() => door.reports.size, { timeout: 5000 }).toBeGreaterThan(6);
    const sequences = [...door.reports.keys()].filter((sequence) => sequence > 1);
    expect(sequences).toEqual(sequences.map((_, index) => 40 + index));
    await expect.poll(() => Number([...door.reports.values()].at(-1)?.ranges[0]?.assigned), { timeout: 5000 }).toBeGreaterThan(0);
    for (const { ranges } of door.reports.values()) {
      for (const { assigned, total, peak } of ranges) {
        expect(total).toBe('61');
        expect(Number(assigned)).toBeLessThanOrEqual(Number(peak));
        expect(Number(peak)).toBeLessThanOrEqual(60);
      }
    }
  });

  it('stops at once out of a held request', async () => {
    door.publish(documentOf(1, []));
    const bng = await start();
    await expect.poll(() => door.requests.at(-1)).toContain('wait=30');
    const began = Date.now();
    await bng.stop();
    expect(Date.now() - began).toBeLessThan(10_000);
  });
});
