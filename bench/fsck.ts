/** `npm run fsck` on the benchmark's database: what is free, allocated, held and delegated tiles every pool. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../dist/fsck.js');

/** @returns whether it is clean, and what it says last */
export function fsck(databaseUrl: string): Promise<{ readonly holds: boolean; readonly detail: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program], { env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl } }, (error, said, complained) => {
      resolve({ holds: error === null, detail: (said || complained).trim().split('\n').at(-1) ?? '' });
    });
  });
}
