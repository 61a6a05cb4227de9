/**
 * What steers `npm start`, read from the environment once and checked before anything is touched. The controller itself
 * is configured by what start gives it (src/config.ts), not by these.
 */
import { resolve } from 'node:path';
import { LabError } from '../lab-error.js';

export interface StartSettings {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  /** Undefined: one is made and kept. */
  readonly adminToken: string | undefined;
  /** False: PostgreSQL and the controller only. */
  readonly lab: boolean;
}

/** @throws LabError naming the variable and what it takes. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>, projectFolder: string): StartSettings {
  const portText = environment['CASM_PORT'] || '8080';
  const port = Number(portText);
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65535) throw new LabError(`CASM_PORT must be a whole number from 1 to 65535, not "${portText}"`);
  const adminToken = environment['CASM_ADMIN_TOKEN'] || undefined;
  if (adminToken !== undefined && !/^[\x21-\x7e]{8,512}$/.test(adminToken)) throw new LabError('CASM_ADMIN_TOKEN must be 8 to 512 visible ASCII characters');
  const lab = environment['CASM_LAB'] || 'on';
  if (lab !== 'on' && lab !== 'off') throw new LabError(`CASM_LAB must be on or off, not "${lab}"`);
  return {
    host: environment['CASM_HOST'] || '127.0.0.1',
    port,
    dataFolder: resolve(environment['CASM_DATA_DIR'] || `${projectFolder}/.casm`),
    adminToken,
    lab: lab === 'on',
  };
}

/** Where programs of this machine reach a server that listens on the host. */
export function localUrl(host: string, port: number): string {
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
