/**
 * One run of `npm start`: settings and port checked, folder taken, then PostgreSQL, the controller, the lab; then it waits
 * for the end, and undoes what it did in the opposite order. Knows the order and nothing else.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../embedded-postgres/start-embedded-postgres.js';
import { lockFolder } from '../folder-lock.js';
import { LabError, reasonOf } from '../lab-error.js';
import { banner } from './banner.js';
import { Controller } from './controller.js';
import { endLeftBehind } from './controller-process.js';
import { startLab, type Emulator } from './emulators.js';
import type { Ending } from './ending.js';
import { keptSecret } from './kept-secret.js';
import { openLog } from './log-file.js';
import { checkPort } from './port.js';
import { localUrl, readSettings } from './settings.js';

export interface Project {
  /** Where the data goes unless CASM_DATA_DIR says otherwise. */
  readonly folder: string;
  /** The built controller. */
  readonly program: string;
}

/** @returns the exit status. Everything that was started has ended by then. */
export async function run(project: Project, environment: NodeJS.ProcessEnv, ending: Ending): Promise<number> {
  const undo: (() => Promise<unknown> | void)[] = [];
  try {
    await start(project, environment, ending, undo);
    await ending.asked;
  } catch (error) {
    if (!ending.signal.aborted) ending.ask(error instanceof LabError ? error.message : `unexpected: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (ending.reason !== undefined) complain(ending.reason);
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (error) {
      complain(`while stopping: ${reasonOf(error)}`);
    }
  }
  return ending.reason === undefined ? 0 : 1;
}

async function start(project: Project, environment: NodeJS.ProcessEnv, ending: Ending, undo: (() => Promise<unknown> | void)[]): Promise<void> {
  const { host, port, dataFolder, adminToken: givenToken, lab } = readSettings(environment, project.folder);
  undo.push(await lockFolder(dataFolder));
  const inData = (name: string) => join(dataFolder, name);
  await endLeftBehind(inData('controller.pid'));
  await checkPort(host, port);
  const adminToken = givenToken ?? (await keptSecret(inData('admin-token'), () => `casm_admin_${randomBytes(24).toString('base64url')}`, /^[\x21-\x7e]{8,512}$/));
  const secretKey = await keptSecret(inData('secret-key'), () => randomBytes(32).toString('base64'), /^[A-Za-z0-9+/]{43}=$/);
  console.log(`casm: starting on ${localUrl(host, port)}, data in ${dataFolder}`);

  const postgres = await startEmbeddedPostgres({ folder: dataFolder, onLine: openLog(inData('log/postgres.log')) });
  undo.push(() => postgres.stop());
  void postgres.ended.then(() => ending.ask(`PostgreSQL ended by itself: see ${inData('log/postgres.log')}`));
  ending.signal.throwIfAborted();

  const url = localUrl(host, port);
  const controller = await Controller.start({
    program: project.program,
    environment: controllerEnvironment(environment, { DATABASE_URL: postgres.url, CASM_HOST: host, CASM_PORT: String(port), CASM_ADMIN_TOKEN: adminToken, CASM_SECRET_KEY: secretKey, CASM_MIGRATE: 'on' }),
    url,
    pidFile: inData('controller.pid'),
    log: openLog(inData('log/controller.log')),
    say: complain,
    signal: ending.signal,
  });
  undo.push(() => controller.stop());

  const emulators: Emulator[] = [];
  undo.push(() => Promise.allSettled(emulators.map((emulator) => emulator.stop())));
  let planned = false;
  if (lab) {
    try {
      await startLab({ controllerUrl: url, adminToken, folder: inData('lab'), log: openLog(inData('log/lab.log')), signal: ending.signal, onStarted: (emulator) => emulators.push(emulator) });
      planned = true;
    } catch (error) {
      ending.signal.throwIfAborted();
      // The controller is whole without it, and the next start takes the plan up where it stopped.
      complain(`the lab is not complete: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  ending.signal.throwIfAborted();
  console.log(banner({ url, adminToken, dataFolder, emulators, planned }));
}

/** A secret given in a file would stand against ours. */
function controllerEnvironment(environment: NodeJS.ProcessEnv, ours: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const others = Object.entries(environment).filter(([name]) => !Object.keys(ours).some((own) => name === `${own}_FILE`));
  return { ...Object.fromEntries(others), ...ours };
}

function complain(line: string): void {
  console.error(`casm: ${line}`);
}
