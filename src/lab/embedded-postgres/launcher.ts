/**
 * How to run PostgreSQL as the user we are. It refuses root, so root runs it in a user namespace in which root is called
 * nobody: no account, no change of owner, works below a private home. Where namespaces are forbidden: as the real nobody.
 */
import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { chown, readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LabError, reasonOf } from '../lab-error.js';

const run = promisify(execFile);
const nobody = 65534;
const namespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`];

export type RunAs = 'ourselves' | 'namespace' | 'nobody';

export interface Launcher {
  /** Starts the program; `mortal` ones are interrupted by the kernel when this process is killed, where that is possible. */
  spawn(program: string, args: readonly string[], options: SpawnOptions & { mortal?: boolean }): ChildProcess;
  /** Makes the folder, and all in it, belong to whom the program runs as. */
  own(folder: string): Promise<void>;
}

/**
 * @param probe a harmless program of the package, run to see that it can be reached
 * @throws LabError when PostgreSQL cannot run here at all
 */
export async function chooseLauncher(probe: string, runAs?: RunAs): Promise<Launcher> {
  const mode = runAs ?? (await chooseMode());
  const identity = mode === 'nobody' ? { uid: nobody, gid: nobody } : {};
  const prefix = mode === 'namespace' ? namespace : [];
  const deathSignal = (await works(['setpriv', '--pdeathsig', 'INT', 'true'])) ? ['setpriv', '--pdeathsig', 'INT'] : [];
  try {
    const [command = probe, ...args] = [...prefix, probe, '--version'];
    await run(command, args, { ...identity, cwd: '/' });
  } catch (error) {
    const what = mode === 'nobody' ? 'as root without user namespaces, for the user nobody cannot reach its files: run as an ordinary user' : 'on this machine';
    throw new LabError(`the embedded PostgreSQL cannot run ${what} (${reasonOf(error)})`, { cause: error });
  }
  return {
    spawn(program, args, { mortal = false, ...options }) {
      const [command = program, ...rest] = [...prefix, ...(mortal ? deathSignal : []), program, ...args];
      return spawn(command, rest, { ...options, ...identity });
    },
    async own(folder) {
      if (process.getuid?.() === 0) await giveTo(folder, mode === 'nobody' ? nobody : 0);
    },
  };
}

async function chooseMode(): Promise<RunAs> {
  if (process.getuid?.() !== 0 && hasAccount()) return 'ourselves';
  if (await works([...namespace, 'true'])) return 'namespace';
  if (process.getuid?.() === 0) return 'nobody';
  throw new LabError(`the embedded PostgreSQL cannot run as user ${process.getuid?.()}, who has no account here`);
}

/** initdb looks its user up; containers are often run under a number that has no name. */
function hasAccount(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

async function works(command: readonly string[]): Promise<boolean> {
  const [program = '', ...args] = command;
  return run(program, args).then(
    () => true,
    () => false,
  );
}

async function giveTo(path: string, owner: number): Promise<void> {
  if ((await stat(path)).uid === owner) return;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    await chown(join(entry.parentPath, entry.name), owner, owner);
  }
  await chown(path, owner, owner);
}
