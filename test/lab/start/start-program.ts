/** Runs the built `npm start` program as a user would, and tells what it said and what it left. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const built = join(import.meta.dirname, '../../..', process.env['CASM_TEST_DIST'] ?? 'dist');

export class StartProgram {
  out = '';
  errors = '';
  readonly ended: Promise<number | string>;
  private readonly child: ChildProcess;

  /** @param environment replaces every CASM_ variable of this process */
  constructor(environment: Record<string, string>) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CASM_|DATABASE_URL|npm_)/.test(name)));
    this.child = spawn(process.execPath, [join(built, 'lab/start.js')], { env: { ...inherited, ...environment }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.ended = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for the banner. @throws Error with what was said instead. */
  async ready(seconds = 90): Promise<this> {
    let outcome: number | string | undefined;
    void this.ended.then((value) => (outcome = value));
    for (const deadline = Date.now() + seconds * 1000; !this.out.includes('the data is kept.'); await sleep(50)) {
      if (outcome !== undefined || Date.now() > deadline) throw new Error(`not ready (${outcome ?? 'still running'}):\n${this.out}\n${this.errors}`);
    }
    return this;
  }

  /** Signals it, or its whole process group as a terminal does. @returns exit status or signal, and how long it took. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', whom: 'process' | 'group' = 'process'): Promise<{ outcome: number | string; milliseconds: number }> {
    const began = Date.now();
    process.kill(whom === 'group' ? -this.pid : this.pid, signal);
    return { outcome: await this.ended, milliseconds: Date.now() - began };
  }

  /** What follows the words in the banner. */
  told(words: string): string {
    return new RegExp(`^\\s*${words}\\s+(.*)$`, 'm').exec(this.out)?.[1] ?? '';
  }
}

/** The command lines of living processes that name the folder. */
export async function processesOn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (pid) => {
      const [line, environment] = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')));
      return Number(pid) !== process.pid && `${line}${environment}`.includes(folder) ? (line ?? '').replaceAll('\0', ' ') : '';
    }),
  );
  return lines.filter((line) => line !== '');
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
