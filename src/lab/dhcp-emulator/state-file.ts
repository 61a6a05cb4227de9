/**
 * The disk of the emulated machine: one JSON file with the configurations as they were written and the leases as they
 * are. Replaced whole, by rename, so that a kill at any time leaves the old one or the new one. Without a file name it
 * lives in memory, and a restart forgets it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LabError, reasonOf } from '../lab-error.js';
import type { DhcpFamily } from './dhcp-family.js';
import type { JsonObject } from './kea-json.js';
import type { StoredLease } from './lease-store.js';

interface State {
  configurations: Record<string, JsonObject>;
  leases: Record<string, StoredLease[]>;
}

export class StateFile {
  private state: State = { configurations: {}, leases: {} };

  /** @throws LabError when the file is there but cannot be read as ours */
  constructor(private readonly file: string | undefined) {
    if (file === undefined || !existsSync(file)) return;
    try {
      this.state = JSON.parse(readFileSync(file, 'utf8'), reviveAddress) as State;
    } catch (error) {
      throw new LabError(`cannot read the state of the DHCP emulator in ${file} (${reasonOf(error)})`, { cause: error });
    }
  }

  configuration(at: DhcpFamily): JsonObject {
    return structuredClone(this.state.configurations[at.service] ?? {});
  }

  leases(at: DhcpFamily): readonly StoredLease[] {
    return this.state.leases[at.service] ?? [];
  }

  /** Durable against the end of the process when it returns. @throws Error; then nothing has changed */
  keepConfiguration(at: DhcpFamily, configuration: JsonObject): void {
    this.replace({ ...this.state, configurations: { ...this.state.configurations, [at.service]: structuredClone(configuration) } });
  }

  /** @throws Error; then nothing has changed */
  keepLeases(at: DhcpFamily, leases: StoredLease[]): void {
    this.replace({ ...this.state, leases: { ...this.state.leases, [at.service]: leases } });
  }

  private replace(state: State): void {
    if (this.file !== undefined) {
      writeFileSync(`${this.file}.new`, JSON.stringify(state, (_key, value: unknown) => (typeof value === 'bigint' ? { bigint: String(value) } : value)));
      renameSync(`${this.file}.new`, this.file);
    }
    this.state = state;
  }
}

function reviveAddress(_key: string, value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'bigint' in value && typeof value.bigint === 'string' ? BigInt(value.bigint) : value;
}
