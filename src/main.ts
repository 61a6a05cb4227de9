/** `node dist/main.js`: the controller alone, configured by its environment. Stops on SIGTERM, SIGINT, or its parent's end. */
import { ConfigError, readConfig } from './config.js';
import { startController, type RunningController } from './controller.js';

const patienceMs = 9_000;

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  console.error(error instanceof ConfigError ? `casm: ${message}` : `casm: cannot start: ${message || (error as { code?: string }).code}`);
  process.exit(1);
}

const stopping = Promise.withResolvers<void>();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.resolve());
// Started by another process that keeps a channel to it, the controller ends when that process does.
if (process.channel !== undefined) process.on('disconnect', () => stopping.resolve());

const running: RunningController = await Promise.resolve()
  .then(() => startController(readConfig(process.env)))
  .catch(fail);
await stopping.promise;
setTimeout(() => process.exit(1), patienceMs).unref();
await running.stop();
process.exit(0);
