/** The generated types are those of the contract as it stands. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const generator = join(dirname(createRequire(import.meta.url).resolve('openapi-typescript/package.json')), 'bin/cli.js');

test.each(['northbound', 'southbound'])('%s: npm run generate would change nothing', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'casm-generated-'));
  try {
    await promisify(execFile)(process.execPath, [generator, join(root, `openapi/${name}.yaml`), '-o', join(folder, 'types.ts')], { cwd: root });
    expect(await readFile(join(folder, 'types.ts'), 'utf8')).toBe(await readFile(join(root, `src/contract/${name}.generated.ts`), 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
