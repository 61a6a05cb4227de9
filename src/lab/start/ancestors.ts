/** Who started us: the processes between us and npm, npm included, so that we can tell when they have gone without us. */
import { readFileSync } from 'node:fs';
import { identityOf } from '../folder-lock.js';

/** @returns whether one of them has gone; always false when npm did not start us. Linux only, as all of the lab. */
export function watchNpm(environment: NodeJS.ProcessEnv): () => boolean {
  if (environment['npm_lifecycle_event'] === undefined) return () => false;
  const identities: string[] = [];
  // npm runs a script by a shell, which may have made way for us or not.
  for (let pid = process.ppid, steps = 0; pid > 1 && steps < 3; steps += 1) {
    const identity = identityOf(pid);
    if (identity === undefined) break;
    identities.push(identity);
    const { name, parent } = statOf(pid);
    if (!/^(sh|dash|bash|ash|ksh|zsh)$/.test(name)) break;
    pid = parent;
  }
  return () => identities.some((identity) => identityOf(Number.parseInt(identity, 10)) !== identity);
}

/** proc(5): the name in brackets, then state and parent. */
function statOf(pid: number): { name: string; parent: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    return { name: stat.slice(stat.indexOf('(') + 1, end), parent: Number(stat.slice(end + 2).split(' ')[1]) };
  } catch {
    return { name: '', parent: 0 };
  }
}
