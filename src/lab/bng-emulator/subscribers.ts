/**
 * The subscribers behind a BNG: a fixed number of homes that come and go, more of them in the evening. Each session takes
 * one address or delegated prefix of every family on offer, from active ranges only; a range that is gone ends its
 * sessions. Counts sessions, knows no single address.
 */
import type { DocumentRange } from '../../model/document.js';
import { parseAddress, parsePrefix, prefixSize } from '../../model/prefix.js';

export interface RangeUsage {
  readonly id: string;
  readonly prefix: string;
  readonly state: string;
  readonly assigned: string;
  readonly total: string;
  readonly peak: string;
  readonly average: string;
}

export interface SubscriberSettings {
  /** How many homes there are: the bound of everything here. */
  readonly homes: number;
  /** Mean length of a session, seconds. */
  readonly sessionSeconds: number;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
}

interface Counter {
  range: DocumentRange;
  total: bigint;
  assigned: number;
  peak: number;
  /** Sessions times seconds since the last report, and those seconds. */
  area: number;
  seconds: number;
}

export class Subscribers {
  private readonly counters = new Map<string, Counter>();
  /** The ids of the ranges that each session uses. */
  private sessions: string[][] = [];

  constructor(private readonly settings: SubscriberSettings) {}

  get online(): number {
    return this.sessions.length;
  }

  /** Takes the ranges of a new document: sessions on ranges that are no longer there end. */
  setRanges(ranges: readonly DocumentRange[]): void {
    const kept = new Set(ranges.map((range) => range.id));
    const staying = this.sessions.filter((session) => session.every((id) => kept.has(id)));
    for (const session of this.sessions) if (!staying.includes(session)) this.count(session, -1);
    this.sessions = staying;
    for (const id of this.counters.keys()) if (!kept.has(id)) this.counters.delete(id);
    for (const range of ranges) {
      const counter = this.counters.get(range.id) ?? { range, total: 0n, assigned: 0, peak: 0, area: 0, seconds: 0 };
      this.counters.set(range.id, { ...counter, range, total: capacity(range) });
    }
  }

  /** Lets time pass: sessions end and begin as they would within so many seconds around this time of day (UTC). */
  pass(seconds: number, now: Date): void {
    const { homes, sessionSeconds, random } = this.settings;
    const share = eveningCurve(now);
    // In equilibrium coming and going balance at the share of homes online at this hour.
    const leave = 1 - Math.exp(-seconds / sessionSeconds);
    const come = 1 - Math.exp((-seconds / sessionSeconds) * (share / (1 - share)));
    const offline = homes - this.sessions.length;
    this.sessions = this.sessions.filter((session) => {
      if (random() >= leave) return true;
      this.count(session, -1);
      return false;
    });
    for (let home = 0; home < offline; home += 1) if (random() < come) this.begin();
    for (const counter of this.counters.values()) {
      counter.area += counter.assigned * seconds;
      counter.seconds += seconds;
    }
  }

  /** Usage now, and peak and average since the last call with `startAnew`. */
  usage(startAnew = false): RangeUsage[] {
    return [...this.counters.values()].map((counter) => {
      const { range, total, assigned, peak, area, seconds } = counter;
      const average = seconds > 0 ? Math.round(area / seconds) : assigned;
      if (startAnew) Object.assign(counter, { peak: assigned, area: 0, seconds: 0 });
      return { id: range.id, prefix: range.prefix, state: range.state, assigned: String(assigned), total: String(total), peak: String(peak), average: String(average) };
    });
  }

  private begin(): void {
    const session: string[] = [];
    for (const family of ['ipv4', 'ipv6']) {
      const free = [...this.counters.values()].find(({ range, assigned, total }) => range.family === family && range.state === 'active' && BigInt(assigned) < total);
      if (free !== undefined) session.push(free.range.id);
    }
    if (session.length === 0) return;
    this.sessions.push(session);
    this.count(session, 1);
  }

  private count(session: readonly string[], step: 1 | -1): void {
    for (const id of session) {
      const counter = this.counters.get(id);
      if (counter === undefined) continue;
      counter.assigned += step;
      counter.peak = Math.max(counter.peak, counter.assigned);
    }
  }
}

/** How many addresses, or delegated prefixes, the range has to give. */
export function capacity(range: DocumentRange): bigint {
  const prefix = parsePrefix(range.prefix);
  if (range.delegatedLength !== null) return 1n << BigInt(range.delegatedLength - prefix.length);
  if (range.lowerAddress === null || range.upperAddress === null) return prefixSize(prefix);
  return parseAddress(range.upperAddress).address - parseAddress(range.lowerAddress).address + 1n;
}

/** The share of homes online: least at five in the morning, most at five in the afternoon and into the evening. */
function eveningCurve(now: Date): number {
  const hour = now.getUTCHours() + now.getUTCMinutes() / 60;
  return 0.55 - 0.25 * Math.cos(((hour - 5) / 24) * 2 * Math.PI);
}
