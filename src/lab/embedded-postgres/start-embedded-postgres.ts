/**
 * A real PostgreSQL of one's own, out of node_modules: for a machine that has none, and for tests. Needs no account, no
 * root and no install script, and disturbs no other PostgreSQL. Not meant for production.
 */
import { resolve } from 'node:path';
import { lockFolder } from '../folder-lock.js';
import { findBinaries } from './binaries.js';
import { openCluster, superuser } from './cluster.js';
import { chooseLauncher, type RunAs } from './launcher.js';
import { stopOrphan } from './orphan.js';
import { startServer } from './server.js';

export interface EmbeddedPostgresOptions {
  /** Holds `postgres/` (the data), `postgres-password` and a lock. Made when missing. */
  readonly folder: string;
  /** What the server writes to its log, line by line. */
  readonly onLine?: (line: string) => void;
  /** False trades safety against loss of power for speed. Default true. */
  readonly durable?: boolean;
  /** Default 100. */
  readonly maxConnections?: number;
  /** As whom the server runs; by default the best way that works here. */
  readonly runAs?: RunAs;
}

export interface EmbeddedPostgres {
  /** Of the superuser and its database, both named `casm`. */
  readonly url: string;
  readonly pid: number;
  /** Fulfilled when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the server on the folder; on first use makes the database. Recovers from a kill of this process or of the
 * server at any moment, the first start included.
 * @throws LabError whose message says in one line what is in the way: folder in use, not writable or damaged, no
 * PostgreSQL for this machine, no way to run it as this user.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder);
  const durable = options.durable ?? true;
  const release = await lockFolder(folder, 'postgres.lock');
  try {
    const binaries = await findBinaries();
    const launcher = await chooseLauncher(binaries.postgres, options.runAs);
    await stopOrphan(`${folder}/postgres`);
    const { dataFolder, password } = await openCluster(folder, binaries, launcher, durable);
    const server = await startServer(launcher, {
      postgres: binaries.postgres,
      dataFolder,
      durable,
      maxConnections: options.maxConnections ?? 100,
      onLine: options.onLine ?? (() => undefined),
    });
    void server.ended.then(release);
    return {
      url: `postgres://${superuser}:${password}@127.0.0.1:${server.port}/${superuser}`,
      pid: server.pid,
      ended: server.ended,
      stop: () => server.stop(),
    };
  } catch (error) {
    release();
    throw error;
  }
}
