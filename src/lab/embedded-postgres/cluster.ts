/**
 * The data folder of the embedded PostgreSQL: made once, whole or not at all. It is made beside its place and renamed
 * into it, so a start that is killed half-way leaves nothing that looks like a database. Never changes one that exists.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ChildProcess } from 'node:child_process';
import { LabError, reasonOf } from '../lab-error.js';
import { postgresMajor, type Binaries } from './binaries.js';
import type { Launcher } from './launcher.js';

export interface Cluster {
  readonly dataFolder: string;
  readonly password: string;
}

/** The superuser, and the database made for it. */
export const superuser = 'casm';

const unfinishedPrefix = 'postgres.unfinished-';

/** @throws LabError when the folder cannot be written or what is there is not a database of ours. */
export async function openCluster(folder: string, binaries: Binaries, launcher: Launcher, durable: boolean): Promise<Cluster> {
  const dataFolder = join(folder, 'postgres');
  try {
    const password = await passwordIn(folder, existsSync(dataFolder));
    if (existsSync(dataFolder)) await checkVersion(dataFolder);
    else await makeCluster(await cleanPlace(folder), dataFolder, password, binaries, launcher, durable);
    await launcher.own(dataFolder);
    return { dataFolder, password };
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(`cannot use the database folder ${dataFolder} (${reasonOf(error)})`, { cause: error });
  }
}

async function passwordIn(folder: string, required: boolean): Promise<string> {
  const file = join(folder, 'postgres-password');
  if (existsSync(file)) {
    const kept = (await readFile(file, 'utf8')).trim();
    if (kept !== '') return kept;
  }
  if (required) throw new LabError(`the database in ${folder} has lost its password file ${file}: put it back, or remove the folder to start afresh`);
  const password = randomBytes(24).toString('base64url');
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

async function checkVersion(dataFolder: string): Promise<void> {
  if (!(await stat(dataFolder)).isDirectory()) throw new LabError(`${dataFolder} is not a folder: remove it to start afresh`);
  const version = await readFile(join(dataFolder, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (reasonOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (version === undefined) throw new LabError(`the database folder ${dataFolder} is damaged (no PG_VERSION): put it back from a copy, or remove it to start afresh`);
  if (version.trim() !== postgresMajor) throw new LabError(`the database folder ${dataFolder} was made by PostgreSQL ${version.trim()}, this is ${postgresMajor}: move it away to start afresh`);
}

/** A new name each time: the programs of a start that was killed may live a moment longer and write into theirs. */
async function cleanPlace(folder: string): Promise<string> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(unfinishedPrefix));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  return mkdtemp(join(folder, unfinishedPrefix));
}

async function makeCluster(unfinished: string, dataFolder: string, password: string, binaries: Binaries, launcher: Launcher, durable: boolean): Promise<void> {
  await mkdir(join(unfinished, 'data'), { mode: 0o700 });
  await writeFile(join(unfinished, 'password'), `${password}\n`, { mode: 0o600 });
  await launcher.own(unfinished);
  const data = join(unfinished, 'data');
  const options = ['--username', superuser, `--pwfile=${join(unfinished, 'password')}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  await finished(launcher.spawn(binaries.initdb, [...options, ...(durable ? [] : ['--no-sync']), '-D', data], { cwd: '/', mortal: true }), unfinished);
  const single = launcher.spawn(binaries.postgres, ['--single', ...(durable ? [] : ['-F']), '-D', data, 'postgres'], { cwd: '/', mortal: true });
  single.stdin?.end(`create database ${superuser}\n`);
  await finished(single, unfinished);
  await rename(data, dataFolder);
  await rm(unfinished, { recursive: true, force: true });
}

async function finished(child: ChildProcess, folder: string): Promise<void> {
  child.stdout?.resume();
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, errors] = await Promise.all([ended, child.stderr === null ? '' : text(child.stderr)]);
  if (code === 0 && !/^.*(FATAL|ERROR):/m.test(errors)) return;
  const line = errors.split('\n').find((each) => /error:|FATAL|ERROR/.test(each)) ?? `exit status ${code}`;
  throw new LabError(`PostgreSQL could not make its data folder in ${folder}: ${line.trim()}`);
}
