/**
 * A server that outlived the process that started it: found by its own pid file, believed only when its command line
 * names our data folder, and stopped. Never touches any other PostgreSQL of the machine.
 */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../lab-error.js';

/** @throws LabError when it is there and does not stop within ten seconds. */
export async function stopOrphan(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(await readFile(pidFile, 'utf8'), 10);
  if (Number.isSafeInteger(pid) && pid > 1 && (await isServerOf(pid, dataFolder))) {
    // fast shutdown first; the immediate one is as safe, for the log is replayed, but slower to start from
    for (const [signal, milliseconds] of [['SIGINT', 7000], ['SIGQUIT', 3000]] as const) {
      process.kill(pid, signal);
      const deadline = Date.now() + milliseconds;
      while (Date.now() < deadline) {
        if (!(await isServerOf(pid, dataFolder))) return;
        await sleep(20);
      }
    }
    throw new LabError(`an earlier PostgreSQL (process ${pid}) still runs on ${dataFolder} and does not stop`);
  }
  // The number may meanwhile belong to a stranger, and then PostgreSQL would refuse to start.
  await rm(pidFile, { force: true });
}

async function isServerOf(pid: number, dataFolder: string): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const words = commandLine.split('\0');
  return words.includes(dataFolder) && words.some((word) => word.endsWith('/postgres'));
}
