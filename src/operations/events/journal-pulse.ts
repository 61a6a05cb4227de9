/**
 * Says when the journal has grown: while anybody waits, one question every so often for all who do. Not NOTIFY: it would
 * make all commits of the database queue for one lock (docs/decisions/0018).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newestPlace } from '../../storage/journal.js';
import type { Hall } from '../hall.js';

export class JournalPulse {
  private waiting = new Set<() => void>();
  private looking = false;
  private place: string | undefined;
  /** Grows with each beat. Whoever keeps it before reading the journal can wait for what came meanwhile. */
  beats = 0;

  constructor(
    private readonly hall: Hall,
    private readonly everyMs: number,
  ) {}

  /** Resolves when there has been a beat since that count, when the time is over, or at the signal. */
  async after(beats: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.beats !== beats || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    const woken = (): void => resolve();
    signal.addEventListener('abort', woken);
    this.waiting.add(woken);
    if (!this.looking) void this.look();
    await promise;
    this.waiting.delete(woken);
    signal.removeEventListener('abort', woken);
    clearTimeout(timer);
  }

  private async look(): Promise<void> {
    this.looking = true;
    while (this.waiting.size > 0) {
      const before = this.place;
      // While the database is away the pulse stands still; those who wait have a time limit of their own.
      this.place = await this.hall.glance(newestPlace, undefined).catch(() => before);
      if (this.place !== before) {
        this.beats += 1;
        for (const wake of this.waiting) wake();
      }
      await sleep(this.everyMs);
    }
    this.looking = false;
  }
}
