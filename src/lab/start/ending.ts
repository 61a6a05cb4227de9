/**
 * The end of `npm start`: asked for by a signal (any number of them: npm forwards what the whole group got already), by the
 * loss of npm itself, or by a part that cannot be restarted. Says when; does nothing itself but insist after a while.
 */
const patienceMilliseconds = 9500;

export class Ending {
  private readonly controller = new AbortController();
  private failure: string | undefined;
  /** Fulfilled when the end is asked for. */
  readonly asked = new Promise<void>((resolve) => this.controller.signal.addEventListener('abort', () => resolve(), { once: true }));

  /** @param isAbandoned looked at twice a second: whether we are to end although nobody said so */
  constructor(isAbandoned: () => boolean) {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.ask());
    // A shell between npm and us may take a signal for itself and leave us behind.
    setInterval(() => isAbandoned() && this.ask(), 500).unref();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What went wrong, when that is why. */
  get reason(): string | undefined {
    return this.failure;
  }

  ask(failure?: string): void {
    if (this.signal.aborted) return;
    this.failure = failure;
    this.controller.abort();
    setTimeout(() => process.exit(1), patienceMilliseconds).unref();
  }
}
