/** The built controller as a process of its own, and its API as the benchmarks need it. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const program = join(import.meta.dirname, '../dist/main.js');

export interface BenchController {
  readonly url: string;
  readonly pid: number;
  readonly headers: { readonly authorization: string };
  /** @throws Error unless the thing is created */
  create(path: string, body: object): Promise<{ readonly id: string }>;
  stop(): Promise<void>;
}

/** What several controllers on one database share. */
export interface Secrets {
  readonly token: string;
  readonly key: string;
}

export function newSecrets(): Secrets {
  return { token: `bench-${randomBytes(16).toString('hex')}`, key: randomBytes(32).toString('base64') };
}

/**
 * BENCH_NODE_OPTIONS are given to it, to look into it: `--cpu-prof`.
 * @param onDeath told when it ends without being asked to: what is measured from then on is nothing
 */
export async function startController(databaseUrl: string, { token, key }: Secrets, onDeath: (error: Error) => void): Promise<BenchController> {
  const options = process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? [];
  const child = spawn(process.execPath, [...options, program], {
    env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl, CASM_PORT: '0', CASM_ADMIN_TOKEN: token, CASM_SECRET_KEY: key },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let stopping = false;
  const closed = once(child, 'close').then(([status, signal]) => String(status ?? signal));
  void closed.then((outcome) => stopping || onDeath(new Error(`the controller ended, and not by us (${outcome})`)));
  const said = createInterface({ input: piped(child.stdout) });
  const url = await new Promise<string>((resolve, reject) => {
    said.on('line', (line) => {
      const listening = /listening on (http:[^"\s]+)/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void closed.then((outcome) => reject(new Error(`the controller does not start (${outcome})`)));
  });
  const headers = { authorization: `Bearer ${token}` };
  return {
    url,
    pid: child.pid ?? 0,
    headers,
    create: async (path, body) => {
      const answer = await fetch(new URL(path, url), { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
      if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as { id: string };
    },
    stop: async () => {
      stopping = true;
      child.kill('SIGTERM');
      await closed;
    },
  };
}

function piped(stream: Readable | null): Readable {
  if (stream === null) throw new Error('the output of the controller is not piped');
  return stream;
}
