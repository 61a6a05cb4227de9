/** One emulated server: a running configuration, the one on its disk, its leases, and the commands on them. */
import { checkConfiguration } from './configuration-check.js';
import type { DhcpFamily } from './dhcp-family.js';
import { isMap, type Json, type JsonObject, Refusal, stringIn } from './kea-json.js';
import { addLease, deleteLease, getLease, pageLeases } from './lease-commands.js';
import type { LeaseStore } from './lease-store.js';
import { type Reply, resultCode } from './reply.js';
import { leaseStatistics } from './statistics.js';

/** The server's disk. */
export interface ServerDisk {
  readonly file: string;
  readConfiguration(): JsonObject;
  /** @throws Error when it cannot be written */
  writeConfiguration(configuration: JsonObject): void;
  /** Leases are kept as they change, as Kea's memfile does. */
  leasesChanged(): void;
}

type Command = (args: Json | undefined) => Reply;

export class DhcpServer {
  private running: JsonObject;
  private loadedAt: Date;
  private readonly startedAt: Date;
  private readonly commands: ReadonlyMap<string, Command>;

  constructor(
    private readonly at: DhcpFamily,
    private readonly leases: LeaseStore,
    private readonly disk: ServerDisk,
    private readonly now: () => Date,
  ) {
    this.startedAt = now();
    this.loadedAt = this.startedAt;
    this.running = checkConfiguration(disk.readConfiguration(), at);
    const { digit } = at;
    this.commands = new Map<string, Command>([
      ['config-get', () => ({ result: resultCode.success, arguments: { [at.root]: this.running } })],
      ['config-test', (args) => this.test(args)],
      ['config-set', (args) => this.set(args)],
      ['config-write', (args) => this.write(args)],
      ['config-reload', () => this.load(disk.readConfiguration())],
      ['list-commands', () => ({ result: resultCode.success, arguments: [...this.commands.keys()].sort() })],
      ['status-get', () => this.status()],
      ['version-get', () => ({ result: resultCode.success, text: '2.2.0', arguments: { extended: '2.2.0\nemulated' } })],
      [`stat-lease${digit}-get`, (args) => leaseStatistics(args, this.leases, this.running, at, now())],
      [`lease${digit}-get-page`, (args) => pageLeases(args, this.leases, at)],
      [`lease${digit}-get`, (args) => getLease(args, this.leases, at)],
      [`lease${digit}-add`, (args) => this.changingLeases(addLease(args, this.leases, this.running, at, now()))],
      [`lease${digit}-del`, (args) => this.changingLeases(deleteLease(args, this.leases, at))],
    ]);
  }

  /** Never throws: what is refused is told in the reply. */
  answer(command: string, args: Json | undefined): Reply {
    const run = this.commands.get(command);
    if (run === undefined) return { result: resultCode.unsupported, text: `'${command}' command not supported.` };
    try {
      return run(args);
    } catch (error) {
      if (error instanceof Refusal) return { result: resultCode.error, text: error.message };
      throw error;
    }
  }

  private test(args: Json | undefined): Reply {
    checkConfiguration(this.configurationIn(args), this.at);
    return { result: resultCode.success, text: 'Configuration seems sane. Control-socket, hook-libraries, and D2 configuration were sanity checked, but not applied.' };
  }

  private set(args: Json | undefined): Reply {
    return this.load(this.configurationIn(args));
  }

  private load(configuration: JsonObject): Reply {
    this.running = checkConfiguration(configuration, this.at);
    this.loadedAt = this.now();
    return { result: resultCode.success, text: 'Configuration successful.' };
  }

  private write(args: Json | undefined): Reply {
    const file = (isMap(args) ? stringIn(args, 'filename') : undefined) ?? this.disk.file;
    if (file !== this.disk.file) throw new Refusal(`Error during write-config:Unable to open file ${file} for writing`);
    try {
      this.disk.writeConfiguration(this.running);
    } catch {
      throw new Refusal(`Error during write-config:Unable to open file ${file} for writing`);
    }
    const size = JSON.stringify({ [this.at.root]: this.running }).length;
    return { result: resultCode.success, text: `Configuration written to ${file} successful`, arguments: { filename: file, size } };
  }

  private status(): Reply {
    const since = (from: Date): number => Math.floor((this.now().getTime() - from.getTime()) / 1000);
    const args = { 'multi-threading-enabled': false, pid: process.pid, reload: since(this.loadedAt), sockets: { status: 'ready' }, uptime: since(this.startedAt) };
    return { result: resultCode.success, arguments: args };
  }

  private changingLeases(reply: Reply): Reply {
    if (reply.result === resultCode.success) this.disk.leasesChanged();
    return reply;
  }

  private configurationIn(args: Json | undefined): JsonObject {
    if (!isMap(args)) throw new Refusal("Missing mandatory 'arguments' parameter.");
    const configuration = args[this.at.root];
    if (configuration === undefined) throw new Refusal(`Missing mandatory '${this.at.root}' parameter.`);
    const other = Object.keys(args).find((key) => key !== this.at.root);
    if (other !== undefined) throw new Refusal(`Unsupported '${other}' parameter.`);
    if (!isMap(configuration)) throw new Refusal(`'${this.at.root}' parameter expected to be a map`);
    return configuration;
  }
}
