/** One process of the controller: begun, watched, ended; and the end of one that an earlier start left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityOf } from '../folder-lock.js';

export class ControllerProcess {
  /** Fulfilled at its end with how it ended, in words. */
  readonly ended: Promise<string>;
  /** The last thing it wrote. */
  lastLine = 'it said nothing';
  /** Undefined while it runs. */
  outcome: string | undefined;
  private readonly child: ChildProcess;

  constructor(program: string, environment: NodeJS.ProcessEnv, log: (line: string) => void) {
    // A session of its own: a signal for the whole terminal is for us, who then end things in order.
    this.child = spawn(process.execPath, ['--enable-source-maps', program], { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log(line);
        if (line.trim() !== '') this.lastLine = line.trim();
      });
    }
    this.ended = new Promise<string>((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`));
    }).then((outcome) => (this.outcome = outcome));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Writes down which process it is, for `endLeftBehind`. */
  async remember(pidFile: string): Promise<void> {
    const identity = this.child.pid === undefined ? undefined : identityOf(this.child.pid);
    // Without the file only the recovery from a kill of ours is less sure.
    if (identity !== undefined) await writeFile(pidFile, identity).catch(() => undefined);
  }

  /** SIGTERM, eight seconds, SIGKILL. */
  async end(): Promise<void> {
    for (const [signal, milliseconds] of [['SIGTERM', 8000], ['SIGKILL', 1000]] as const) {
      if (this.outcome !== undefined) return;
      this.child.kill(signal);
      await Promise.race([this.ended, sleep(milliseconds, undefined, { ref: false })]);
    }
  }
}

/**
 * Ends the controller of a start that was killed, should it still be there.
 * @param patience how long it may take to end in order, milliseconds
 */
export async function endLeftBehind(pidFile: string, patience = 5000): Promise<void> {
  const identity = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(identity, 10);
  const isThere = () => identity !== '' && identityOf(pid) === identity;
  for (const [signal, milliseconds] of [['SIGTERM', patience], ['SIGKILL', 2000]] as const) {
    if (!isThere()) break;
    process.kill(pid, signal);
    for (const deadline = Date.now() + milliseconds; isThere() && Date.now() < deadline; ) await sleep(20);
  }
  await rm(pidFile, { force: true });
}
