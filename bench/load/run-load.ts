/** Runs a load in a process of its own, so that making it and bearing it are not the same event loop. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Load } from '../samples.js';

/** @param program a file of this folder; it gets the order and answers with a Load */
export async function runLoad(program: 'http' | 'insert', order: object): Promise<Load> {
  const child = fork(join(import.meta.dirname, `${program}.ts`), { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'close');
  let load: Load | undefined;
  child.on('message', (message) => {
    load = message as Load;
  });
  child.send(order);
  await ended;
  if (load === undefined) throw new Error(`the load process ${program} ended without a result`);
  return load;
}

/** The other end: does one order and ends. */
export function onOrder<Order>(work: (order: Order) => Promise<Load>): void {
  process.once('disconnect', () => process.exit(1));
  process.once('message', (order) => {
    void work(order as Order).then((load) => process.send?.(load, () => process.exit(0)));
  });
}
