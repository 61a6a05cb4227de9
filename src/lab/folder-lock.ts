/**
 * One process per folder. The lock is a file that names its holder so exactly (process id, its start, the boot) that one
 * left by a killed process is seen to be stale. It guards against accidents on one machine, not across machines.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError, reasonOf } from './lab-error.js';

/**
 * Makes the folder when it is missing and takes it for this process.
 * @returns the release, which may be called more than once; the lock also goes when the process ends in order.
 * @throws LabError when the folder cannot be written, or another living process (or this one) has it.
 */
export async function lockFolder(folder: string, name = 'lock'): Promise<() => void> {
  const file = join(folder, name);
  const mine = `${file}.${process.pid}`;
  try {
    await makeFolder(folder);
    await writeFile(mine, identityOf(process.pid) ?? String(process.pid));
  } catch (error) {
    throw new LabError(`cannot write to the folder ${folder} (${reasonOf(error)})`, { cause: error });
  }
  try {
    while (!(await linked(mine, file))) {
      const holder = await readFile(file, 'utf8').catch(() => '');
      const pid = Number.parseInt(holder, 10);
      if (holder !== '' && identityOf(pid) === holder) {
        throw new LabError(`the folder ${folder} is in use by process ${pid}; stop it first, or use another folder`);
      }
      // Moved aside by name first: of two processes that find the same stale lock only one succeeds.
      await rename(file, `${mine}.stale`).catch(() => undefined);
    }
  } finally {
    await Promise.all([rm(mine, { force: true }), rm(`${mine}.stale`, { force: true })]);
  }
  const release = () => {
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.once('exit', release);
  return release;
}

/** By steps, for node's own recursive mkdir never ends on file systems that refuse new names as ENOENT, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) await makeFolder(dirname(folder));
  await mkdir(folder, { mode: 0o700 });
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false;
    throw new LabError(`cannot write to the folder of ${to} (${reasonOf(error)})`, { cause: error });
  }
}

/** Process id, start in clock ticks since boot (proc(5), field 22) and boot; undefined when there is no such process. */
export function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return undefined;
    return `${pid} ${fields[19]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}
