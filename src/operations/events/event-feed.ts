/**
 * Events as they happen, for so many listeners at most. Keeps nothing: each listener reads the journal from its own place,
 * and ends with its connection, its token or the controller.
 */
import { CasmError } from '../../model/errors.js';
import type { Position } from '../../model/event.js';
import { tokenIsValid } from '../../storage/tokens.js';
import type { Hall } from '../hall.js';
import { listEvents, type EventFilter, type EventPage } from './list-events.js';
import { JournalPulse } from './journal-pulse.js';

export interface Pace {
  /** How soon new events are noticed. */
  readonly lookMs: number;
  /** How soon a listener whose token has ended is let go. */
  readonly checkMs: number;
  /** How often a listener is sent a sign of life. */
  readonly aliveMs: number;
  readonly mostListeners: number;
  /** Of these, with one token. */
  readonly mostOfOne: number;
}

export const usualPace: Pace = { lookMs: 250, checkMs: 5_000, aliveMs: 15_000, mostListeners: 100, mostOfOne: 10 };

const pageSize = 500;

export class EventFeed {
  private readonly pulse: JournalPulse;
  private readonly stopping = new AbortController();
  /** A token id for each listener. */
  private readonly listeners: string[] = [];

  constructor(
    private readonly hall: Hall,
    private readonly pace: Pace,
  ) {
    this.pulse = new JournalPulse(hall, pace.lookMs);
  }

  /**
   * Pages of events behind a place, as they come; an empty page is a sign of life. Ends at the signal, which the caller gives
   * whatever happens, and when the token is no longer valid.
   * @throws CasmError `busy` when too many listen already, in all or with this token
   */
  follow(after: Position, filter: EventFilter, tokenId: string, ended: AbortSignal): AsyncGenerator<EventPage> {
    const { mostListeners, mostOfOne } = this.pace;
    if (this.listeners.filter((one) => one === tokenId).length >= mostOfOne) throw new CasmError('busy', `${mostOfOne} listeners follow the events with this token already: let one go, or read pages`);
    if (this.listeners.length >= mostListeners) throw new CasmError('busy', `${mostListeners} listeners follow the events of this controller already: try again later, or read pages`);
    this.listeners.push(tokenId);
    ended.addEventListener('abort', () => this.listeners.splice(this.listeners.indexOf(tokenId), 1), { once: true });
    return this.read(after, filter, tokenId, AbortSignal.any([ended, this.stopping.signal]));
  }

  stop(): void {
    this.stopping.abort();
  }

  private async *read(start: Position, filter: EventFilter, tokenId: string, signal: AbortSignal): AsyncGenerator<EventPage> {
    const { checkMs, aliveMs } = this.pace;
    let after = start;
    let [told, checked] = [0, Date.now()];
    while (!signal.aborted) {
      const { beats } = this.pulse;
      const page = await this.hall.glance(listEvents, { ...filter, after, limit: pageSize });
      after = page.next;
      if (page.events.length > 0 || Date.now() - told >= aliveMs) {
        told = Date.now();
        yield page;
      }
      if (page.events.length < pageSize) await this.pulse.after(beats, checkMs, signal);
      if (signal.aborted || Date.now() - checked < checkMs) continue;
      checked = Date.now();
      if (!(await this.hall.glance(tokenIsValid, tokenId))) return;
    }
  }
}
