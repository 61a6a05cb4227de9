/**
 * What the lab must know again after a restart: the ports its emulators had, their secrets, their tokens, whether the
 * plan was carried out. One private file, written whole.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError, reasonOf } from '../lab-error.js';
import { whyNotFree } from './port.js';

interface Remembered {
  ports: Record<string, number>;
  secrets: Record<string, string>;
  tokens: Record<string, string>;
  seeded: boolean;
}

export class LabMemory {
  private constructor(
    private readonly file: string,
    private readonly remembered: Remembered,
  ) {}

  /** @throws LabError when the file is there and cannot be read. */
  static async open(file: string): Promise<LabMemory> {
    const empty: Remembered = { ports: {}, secrets: {}, tokens: {}, seeded: false };
    try {
      return new LabMemory(file, { ...empty, ...(JSON.parse(await readFile(file, 'utf8')) as Partial<Remembered>) });
    } catch (error) {
      if (reasonOf(error) === 'ENOENT') return new LabMemory(file, empty);
      throw new LabError(`cannot read ${file} (${reasonOf(error)}): remove it, and the lab finds its way again`, { cause: error });
    }
  }

  get seeded(): boolean {
    return this.remembered.seeded;
  }

  async setSeeded(): Promise<void> {
    this.remembered.seeded = true;
    await this.save();
  }

  /** Starts what listens, on the port it had before if that can still be had. */
  async onItsPort<T extends { readonly port: number }>(name: string, start: (port: number) => Promise<T>): Promise<T> {
    const kept = this.remembered.ports[name];
    const free = kept !== undefined && (await whyNotFree('127.0.0.1', kept)) === undefined;
    const started = await start(free ? kept : 0);
    if (started.port !== kept) {
      this.remembered.ports[name] = started.port;
      await this.save();
    }
    return started;
  }

  async secret(name: string): Promise<string> {
    const kept = this.remembered.secrets[name];
    if (kept !== undefined) return kept;
    const secret = randomBytes(24).toString('base64url');
    this.remembered.secrets[name] = secret;
    await this.save();
    return secret;
  }

  async token(name: string, make: () => Promise<string>): Promise<string> {
    const kept = this.remembered.tokens[name];
    if (kept !== undefined) return kept;
    const token = await make();
    this.remembered.tokens[name] = token;
    await this.save();
    return token;
  }

  private async save(): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(`${this.file}.new`, `${JSON.stringify(this.remembered, null, 2)}\n`, { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }
}
