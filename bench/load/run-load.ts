/** Runs a load in a process of its own, so that making it and bearing it are not the same event loop. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Load } from '../samples.js';

/** @param program a file of this folder; it gets the order and answers with its outcome, mostly a Load */
export async function runLoad<Outcome = Load>(program: 'clients' | 'http' | 'insert' | 'rounds', order: object): Promise<Outcome> {
  const child = fork(join(import.meta.dirname, `${program}.ts`), { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'close');
  let outcome: Outcome | undefined;
  child.on('message', (message) => {
    outcome = message as Outcome;
  });
  child.send(order);
  await ended;
  if (outcome === undefined) throw new Error(`the load process ${program} ended without a result`);
  return outcome;
}

/** The other end: does one order and ends. */
export function onOrder(work: (order: never) => Promise<unknown>): void {
  process.once('disconnect', () => process.exit(1));
  process.once('message', (order) => {
    void work(order as never).then((outcome) => process.send?.(outcome, () => process.exit(0)));
  });
}
