/** Connections for the job library, which keeps them for LISTEN and hands its own statements to them. */
import pg from 'pg';

export type WorkerConnections = pg.Pool;

/** Of our own, and not the library's: it does not wait for its pool to end, and by then nobody listens to its errors. */
export function openWorkerConnections(url: string, most: number, onLost: (error: Error) => void): WorkerConnections {
  const connections = new pg.Pool({ connectionString: url, max: most, application_name: 'casm-worker' });
  connections.on('error', onLost);
  // While one is in use its user sees the error; this keeps it from being nobody's.
  connections.on('connect', (client) => client.on('error', () => undefined));
  return connections;
}
