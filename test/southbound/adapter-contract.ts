/**
 * The one suite that every adapter with ranges passes, whatever it speaks and whether its device is emulated or real.
 * It looks at a device only past the adapter (`held`), and knows no protocol.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeviceDocument } from '../../src/model/document.js';
import { type Adapter, type DeviceHandle, Reject, Retry } from '../../src/southbound/adapter.js';
import { documentOf, v4Range, v6DelegatedRange } from './contract-documents.js';

export interface HeldRange {
  readonly prefix: string;
  readonly state: string;
}

/** The way between adapter and device. */
export interface Line {
  cut(): void;
  mend(): void;
}

export interface NetworkLine extends Line {
  /** Requests are taken and never answered. */
  hang(): void;
  /** The device acts on `passed` + 1 more exchanges; the answer to the last is lost, and then the line is cut. */
  loseAnswerAfter(passed: number): void;
}

export interface ContractTarget<L extends Line = Line> {
  readonly adapter: Adapter;
  /** A handle for one exchange; the memory is the same in all of them. */
  handle(signal?: AbortSignal): DeviceHandle;
  /** What the device holds, by its own word, sorted by prefix. */
  held(): Promise<HeldRange[]>;
  readonly line: L;
  /** How often the device was told to change; null where that cannot be seen. */
  readonly changes: (() => number) | null;
  /** Lets the device refuse the document that is returned. */
  refused(revision: string): DeviceDocument;
  stop(): Promise<void>;
}

const north = v4Range('10.77.0.0/24');
const south = v4Range('10.77.1.0/25');
const homes = v6DelegatedRange('2001:db8:70::/44', 56);

const active = (...ranges: { prefix: string }[]): HeldRange[] => ranges.map(({ prefix }) => ({ prefix, state: 'active' }));

/** What every adapter does, be its device in the same process. */
export function adapterContract(name: string, start: () => Promise<ContractTarget>): void {
  describe(`adapter contract: ${name}`, () => {
    let target: ContractTarget;
    const apply = (document: DeviceDocument, signal?: AbortSignal): Promise<void> => target.adapter.apply(target.handle(signal), document);

    beforeEach(async () => {
      target = await start();
    });
    afterEach(async () => {
      await target.stop();
    });

    it('puts what the document says, and observes what it put', async () => {
      await apply(documentOf('1', [north, south, homes]));
      expect(await target.held()).toEqual(active(north, south, homes));
      const { ranges } = await target.adapter.observe(target.handle());
      expect(ranges.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1))).toEqual([
        { prefix: '10.77.0.0/24', state: 'active', assigned: '0', total: '253' },
        { prefix: '10.77.1.0/25', state: 'active', assigned: '0', total: '125' },
        { prefix: '2001:db8:70::/44', state: 'active', assigned: '0', total: '4096' },
      ]);
    });

    it('observes nothing on a device that was given nothing', async () => {
      expect(await target.adapter.observe(target.handle())).toEqual({ ranges: [] });
    });

    it('is idempotent, and tells a device that holds the document already nothing', async () => {
      await apply(documentOf('1', [north, homes]));
      const before = target.changes?.();
      await apply(documentOf('1', [north, homes]));
      expect(await target.held()).toEqual(active(north, homes));
      expect(target.changes?.()).toBe(before);
    });

    it('grows, shrinks and empties', async () => {
      await apply(documentOf('1', [north]));
      await apply(documentOf('2', [north, south, homes]));
      expect(await target.held()).toEqual(active(north, south, homes));
      await apply(documentOf('3', [south]));
      expect(await target.held()).toEqual(active(south));
      await apply(documentOf('4', []));
      expect(await target.held()).toEqual([]);
    });

    it('drains a range, and takes the drain back', async () => {
      await apply(documentOf('1', [north, south, homes]));
      await apply(documentOf('2', [{ ...north, state: 'draining' }, south, { ...homes, state: 'draining' }]));
      const states = ['draining', 'active', 'draining'];
      expect((await target.held()).map((range) => range.state)).toEqual(states);
      const { ranges } = await target.adapter.observe(target.handle());
      expect(ranges.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1)).map((range) => range.state)).toEqual(states);
      await apply(documentOf('3', [north, south, homes]));
      expect(await target.held()).toEqual(active(north, south, homes));
    });

    it('splits a range in two: what goes makes way for what lies within it', async () => {
      await apply(documentOf('1', [north]));
      const halves = [v4Range('10.77.0.0/25'), v4Range('10.77.0.128/25')];
      await apply(documentOf('2', halves));
      expect(await target.held()).toEqual(active(...halves));
    });

    it('throws Retry when the device cannot be reached, and succeeds when it can again', async () => {
      target.line.cut();
      await expect(apply(documentOf('1', [north]))).rejects.toBeInstanceOf(Retry);
      await expect(target.adapter.observe(target.handle())).rejects.toBeInstanceOf(Retry);
      target.line.mend();
      await apply(documentOf('1', [north]));
      expect(await target.held()).toEqual(active(north));
    });

    it('throws Reject when the device refuses, and leaves it as it was', async () => {
      await apply(documentOf('1', [north]));
      await expect(apply(target.refused('2'))).rejects.toBeInstanceOf(Reject);
      target.line.mend();
      expect(await target.held()).toEqual(active(north));
    });

    it('does nothing when the exchange was ended before it began', async () => {
      await expect(apply(documentOf('1', [north]), AbortSignal.abort())).rejects.toBeInstanceOf(Retry);
      expect(await target.held()).toEqual([]);
    });
  });
}

/** The same, and what an adapter does beyond a network. */
export function networkAdapterContract(name: string, start: () => Promise<ContractTarget<NetworkLine>>): void {
  adapterContract(name, start);

  describe(`adapter contract on a bad network: ${name}`, () => {
    let target: ContractTarget<NetworkLine>;
    const apply = (document: DeviceDocument, signal?: AbortSignal): Promise<void> => target.adapter.apply(target.handle(signal), document);

    beforeEach(async () => {
      target = await start();
    });
    afterEach(async () => {
      await target.stop();
    });

    it('ends at once when the exchange is ended while the device is silent', async () => {
      target.line.hang();
      const ending = new AbortController();
      const applied = apply(documentOf('1', [north]), ending.signal);
      setTimeout(() => ending.abort(), 20);
      const began = performance.now();
      await expect(applied).rejects.toBeInstanceOf(Retry);
      expect(performance.now() - began).toBeLessThan(2000);
    });

    it('repairs what a broken exchange left, wherever it broke', async () => {
      const before = [north, { ...homes, state: 'draining' as const }];
      const after = [south, homes];
      let revision = 0;
      let broken = 0;
      for (let passed = 0; ; passed += 1) {
        target.line.mend();
        await apply(documentOf(String((revision += 1)), before));
        target.line.loseAnswerAfter(passed);
        const wanted = documentOf(String((revision += 1)), after);
        const done = await apply(wanted).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(Retry);
            return false;
          },
        );
        target.line.mend();
        if (!done) {
          broken += 1;
          await apply(wanted);
        }
        expect(await target.held()).toEqual(active(south, homes));
        if (done) break;
      }
      expect(broken).toBeGreaterThan(0);
    });
  });
}
