/** A process to be killed: starts PostgreSQL on the folder of its argument, says so, and waits for its end. */
import { startEmbeddedPostgres } from '../../../src/lab/embedded-postgres/start-embedded-postgres.js';

const server = await startEmbeddedPostgres({ folder: process.argv[2] ?? '', durable: false });
console.log(server.url);
await server.ended;
