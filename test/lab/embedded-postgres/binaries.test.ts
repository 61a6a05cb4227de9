import { access, cp, lstat, mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findBinaries, restoreLinks } from '../../../src/lab/embedded-postgres/binaries.js';

async function linksIn(folder: string): Promise<Record<string, string>> {
  const links: Record<string, string> = {};
  for (const name of await readdir(folder)) if ((await lstat(join(folder, name))).isSymbolicLink()) links[name] = await readlink(join(folder, name));
  return links;
}

it('finds programs that run', async () => {
  const { postgres, initdb } = await findBinaries();
  await access(initdb);
  expect((await promisify(execFile)(postgres, ['--version'])).stdout).toMatch(/^postgres \(PostgreSQL\) 18\./);
});

it('makes the links that npm cannot carry, where install scripts were blocked', async () => {
  const native = join((await findBinaries()).postgres, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'casm-links-'));
  try {
    await cp(native, join(folder, 'native'), { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() && !/share|\.a$/.test(path.slice(native.length)) });
    expect(await linksIn(join(folder, 'native/lib'))).toEqual({});
    await restoreLinks(folder);
    expect(await linksIn(join(folder, 'native/lib'))).toEqual(await linksIn(join(native, 'lib')));
    expect(Object.keys(await linksIn(join(folder, 'native/lib'))).length).toBeGreaterThan(5);
    await restoreLinks(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
