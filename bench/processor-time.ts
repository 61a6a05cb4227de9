/**
 * Processor time that processes have used: what a request costs whoever else is on the machine. Linux only; elsewhere there
 * is nothing to tell.
 */
import { readdir, readFile } from 'node:fs/promises';

/** Of /proc/…/stat, in ticks of 10 ms. */
interface Times {
  readonly parent: number;
  readonly own: number;
  /** Of the children that have ended. */
  readonly ended: number;
}

/** Milliseconds used so far. */
export interface ProcessorTime {
  readonly controller: number;
  /** All its processes, those that have ended too. */
  readonly postgres: number;
}

const millisecondsPerTick = 10;

export async function processorTime(controllerPid: number, postgresPid: number): Promise<ProcessorTime> {
  const pids = process.platform === 'linux' ? (await readdir('/proc')).filter((name) => /^\d+$/.test(name)) : [];
  const times = new Map((await Promise.all(pids.map(async (pid) => [Number(pid), await timesOf(pid)] as const))).filter(([, found]) => found !== undefined));
  let postgres = 0;
  for (const [pid, found] of times) {
    if (pid === postgresPid) postgres += (found?.own ?? 0) + (found?.ended ?? 0);
    else if (found?.parent === postgresPid) postgres += found.own;
  }
  return { controller: (times.get(controllerPid)?.own ?? Number.NaN) * millisecondsPerTick, postgres: times.size === 0 ? Number.NaN : postgres * millisecondsPerTick };
}

/** Undefined when it has ended meanwhile. */
async function timesOf(pid: string): Promise<Times | undefined> {
  try {
    // The name of the program, in parentheses, may hold anything.
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ').map(Number);
    const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map((at) => fields[at]);
    return { parent, own: user + system, ended: endedUser + endedSystem };
  } catch {
    return undefined;
  }
}
