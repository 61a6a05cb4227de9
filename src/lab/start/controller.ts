/**
 * Keeps the controller running as a process of its own, as in production: started, awaited, started again when it ends by
 * itself, stopped. It hears of our end by the IPC channel; one that did not is ended by the next start.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab-error.js';
import { ControllerProcess } from './controller-process.js';

export interface ControllerSettings {
  /** The built program. */
  readonly program: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where `/readyz` is asked. */
  readonly url: string;
  /** Remembers which process it is. */
  readonly pidFile: string;
  /** What the controller writes. */
  readonly log: (line: string) => void;
  /** What a person should know. */
  readonly say: (line: string) => void;
  /** Ends the waiting for readiness. */
  readonly signal: AbortSignal;
  /** Pause before a restart, milliseconds: the first and the longest. */
  readonly pauses?: readonly [first: number, longest: number];
}

const readySeconds = 60;
/** Whoever ran so long did not die of its start. */
const soundMilliseconds = 60_000;

export class Controller {
  private process: ControllerProcess;
  private readonly stopping = new AbortController();
  private watching: Promise<void> = Promise.resolve();

  private constructor(private readonly settings: ControllerSettings) {
    this.process = this.launch();
  }

  /** @throws LabError with the controller's last line when it ends before it is ready, or is not ready in a minute. */
  static async start(settings: ControllerSettings): Promise<Controller> {
    const controller = new Controller(settings);
    try {
      await controller.process.remember(settings.pidFile);
      await controller.ready();
      controller.watching = controller.watch();
    } catch (error) {
      await controller.stop();
      throw error;
    }
    return controller;
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** At most nine seconds. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.process.end();
    await this.watching;
    await rm(this.settings.pidFile, { force: true });
  }

  private launch(): ControllerProcess {
    return new ControllerProcess(this.settings.program, this.settings.environment, this.settings.log);
  }

  private async ready(): Promise<void> {
    const { url, signal } = this.settings;
    for (const deadline = Date.now() + readySeconds * 1000; ; ) {
      const { outcome, lastLine } = this.process;
      if (outcome !== undefined) throw new LabError(`the controller does not start (${outcome}): ${lastLine}`);
      if (Date.now() > deadline) throw new LabError(`the controller was not ready within ${readySeconds} s: ${lastLine}`);
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(2000)]) }).catch(() => undefined);
      if (answer?.ok === true) return;
      signal.throwIfAborted();
      await sleep(50);
    }
  }

  private async watch(): Promise<void> {
    const [first, longest] = this.settings.pauses ?? [500, 15_000];
    for (let pause = first, since = Date.now(); ; pause = Math.min(longest, pause * 2)) {
      const outcome = await this.process.ended;
      if (this.stopping.signal.aborted) return;
      if (Date.now() - since > soundMilliseconds) pause = first;
      this.settings.say(`the controller ended by itself (${outcome}; ${this.process.lastLine}): it is started again in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      since = Date.now();
      this.process = this.launch();
      await this.process.remember(this.settings.pidFile);
    }
  }
}
