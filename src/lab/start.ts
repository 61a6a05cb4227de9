/**
 * `npm start`: the product alone on one machine, with its own PostgreSQL and a lab of emulated devices. For production
 * there is dist/main.js; nothing in it knows of this.
 */
import { join } from 'node:path';
import { watchNpm } from './start/ancestors.js';
import { Ending } from './start/ending.js';
import { run } from './start/run.js';

const built = join(import.meta.dirname, '..');
// Whoever listens to us may go first; that is no reason to fall.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const ending = new Ending(watchNpm(process.env));
process.exit(await run({ folder: join(built, '..'), program: join(built, 'main.js') }, process.env, ending));
