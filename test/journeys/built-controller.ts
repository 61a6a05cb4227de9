/**
 * The built controller (`node dist/main.js`) as a process of its own, on a port that stays the same over its deaths. It
 * ends with the test run, however that ends: the channel to us closes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../lab/start/start-program.js';
import { adminToken, secretKey } from '../support/controller.js';

const built = join(import.meta.dirname, '../..', process.env['CASM_TEST_DIST'] ?? 'dist');

export class BuiltController {
  /** What it wrote: warnings and errors, of every life of it. */
  readonly said: string[] = [];
  private child: ChildProcess | undefined;

  private constructor(
    private readonly databaseUrl: string,
    private readonly port: number,
  ) {}

  static async start(databaseUrl: string): Promise<BuiltController> {
    const controller = new BuiltController(databaseUrl, await freePort());
    await controller.restart();
    return controller;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) and waits until it is ready. @returns milliseconds until then */
  async restart(): Promise<number> {
    const began = Date.now();
    const child = spawn(process.execPath, ['--enable-source-maps', join(built, 'main.js')], {
      env: { PATH: process.env['PATH'], DATABASE_URL: this.databaseUrl, CASM_PORT: String(this.port), CASM_ADMIN_TOKEN: adminToken, CASM_SECRET_KEY: secretKey.toString('base64'), CASM_LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.said.push(line));
    }
    while (!(await this.isReady())) {
      if (child.exitCode !== null || Date.now() - began > 60_000) throw new Error(`the controller does not start:\n${this.said.slice(-20).join('\n')}`);
      await sleep(50);
    }
    return Date.now() - began;
  }

  /** Not a moment to finish anything. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** In order. @returns its exit status, or the signal it needed */
  async stop(): Promise<number | string> {
    return this.end('SIGTERM');
  }

  /** The proof of `npm run fsck`, as its exit status and what it prints. */
  async fsck(): Promise<{ status: number; said: string }> {
    const child = spawn(process.execPath, [join(built, 'fsck.js')], { env: { PATH: process.env['PATH'], DATABASE_URL: this.databaseUrl }, stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [status] = (await once(child, 'close')) as [number];
    return { status, said: said.trim() };
  }

  private async isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  private async end(signal: NodeJS.Signals): Promise<number | string> {
    const { child } = this;
    if (child === undefined) return 0;
    this.child = undefined;
    const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    child.kill(signal);
    const [status, killedBy] = await closed;
    return status ?? killedBy ?? 0;
  }
}
