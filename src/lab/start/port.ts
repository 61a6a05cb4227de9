/** Whether a port can be had, asked of the system by having it for a moment. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { LabError, reasonOf } from '../lab-error.js';

/** @returns undefined when it is free, else the system's reason (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` …). */
export async function whyNotFree(host: string, port: number): Promise<string | undefined> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (error) {
    return reasonOf(error);
  }
  probe.close();
  await once(probe, 'close');
  return undefined;
}

/** @throws LabError */
export async function checkPort(host: string, port: number): Promise<void> {
  const reason = await whyNotFree(host, port);
  if (reason === undefined) return;
  if (reason === 'EADDRINUSE') throw new LabError(`port ${port} on ${host} is in use: stop what uses it, or choose another with CASM_PORT`);
  throw new LabError(`cannot listen on port ${port} of ${host} (${reason}): choose another with CASM_PORT or CASM_HOST`);
}
