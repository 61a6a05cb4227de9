/**
 * What pulling and pushed BNGs have in common: the document they hold, kept in a file, and the subscribers who live on
 * it. Knows nothing of how documents come in or reports go out.
 */
import type { DeviceDocument, DocumentRange } from '../../model/document.js';
import { checkDocument } from './check-document.js';
import { loadState, saveState, type BngState } from './state-file.js';
import { Subscribers, type RangeUsage } from './subscribers.js';

export interface BngSettings {
  readonly name: string;
  /** Where the BNG keeps what it holds. */
  readonly stateFile: string;
  /** How many homes are behind it. Default 400. */
  readonly homes?: number;
  /** Mean length of a session, seconds. Default 600: short, so that there is something to see. */
  readonly sessionSeconds?: number;
  readonly random?: () => number;
  readonly now?: () => Date;
  /** Told in a line what happens. */
  readonly onLine?: (line: string) => void;
}

export class Bng {
  private readonly subscribers: Subscribers;
  private readonly now: () => Date;
  private readonly timer: NodeJS.Timeout;
  private lastPass: Date;
  /** One write at a time, in order. */
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly settings: BngSettings,
    private current: BngState,
  ) {
    this.now = settings.now ?? (() => new Date());
    this.subscribers = new Subscribers({ homes: settings.homes ?? 400, sessionSeconds: settings.sessionSeconds ?? 600, random: settings.random ?? Math.random });
    this.subscribers.setRanges(this.held());
    this.lastPass = this.now();
    this.timer = setInterval(() => this.passTime(), 1000).unref();
  }

  static async open(settings: BngSettings): Promise<Bng> {
    return new Bng(settings, await loadState(settings.stateFile));
  }

  get state(): BngState {
    return this.current;
  }

  held(): readonly DocumentRange[] {
    return this.current.document?.ranges ?? [];
  }

  /** Takes the document if it is sound, durably. @returns what is wrong with it; nothing when it was taken. */
  async take(value: unknown): Promise<{ readonly document: DeviceDocument; readonly errors: readonly [] } | { readonly document: null; readonly errors: readonly string[] }> {
    const checked = checkDocument(value, this.current.document);
    if ('errors' in checked) {
      this.say(`refused a document: ${checked.errors.join('; ')}`);
      return { document: null, errors: checked.errors };
    }
    const { document } = checked;
    await this.remember({ document });
    this.passTime();
    this.subscribers.setRanges(document.ranges);
    this.say(`holds revision ${document.revision}: ${document.ranges.map((range) => range.prefix).join(' ') || 'nothing'}`);
    return { document, errors: [] };
  }

  async remember(change: Partial<BngState>): Promise<void> {
    this.current = { ...this.current, ...change };
    const state = this.current;
    this.writing = this.writing.catch(() => undefined).then(() => saveState(this.settings.stateFile, state));
    await this.writing;
  }

  usage(startAnew = false): RangeUsage[] {
    this.passTime();
    return this.subscribers.usage(startAnew);
  }

  /** What the BNG shows to whoever looks at it. */
  status(): Record<string, unknown> {
    const { document, acknowledged, sequence } = this.current;
    return {
      name: this.settings.name,
      device: document?.device ?? null,
      revision: document?.revision ?? null,
      acknowledged,
      reports: sequence,
      subscribers: { online: this.subscribers.online, homes: this.settings.homes ?? 400 },
      ranges: this.usage(),
    };
  }

  say(line: string): void {
    this.settings.onLine?.(`${this.settings.name} ${line}`);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.writing.catch(() => undefined);
  }

  private passTime(): void {
    const now = this.now();
    const seconds = (now.getTime() - this.lastPass.getTime()) / 1000;
    if (seconds <= 0) return;
    this.lastPass = now;
    this.subscribers.pass(seconds, now);
  }
}
