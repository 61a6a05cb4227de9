/** .ci/run does what the README says, in order, and fails as its steps do. A stand-in for npm notes its calls. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectDir } from './chart.js';

/** Writes down how it was called; fails where told to; where it is the tests, ends as vitest does. */
const npm = `#!/bin/sh
echo "$*" >> calls
[ "$*" = "$FAIL_AT" ] && exit 7
case "$*" in *test*) printf ' Test Files  1 passed (1)\\n      Tests  3 passed (3)\\n   Duration  1s\\n' ;; esac
`;

describe('.ci/run', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'casm-ci-'));
    mkdirSync(join(directory, '.ci'));
    copyFileSync(join(projectDir, '.ci/run'), join(directory, '.ci/run'));
    writeFileSync(join(directory, 'npm'), npm);
    chmodSync(join(directory, 'npm'), 0o755);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function run(testCommand: string, failAt = ''): { status: number | null; calls: string[]; output: string } {
    const block = (command: string) => ['```sh', command, '```'];
    const readme = [
      '## Run it',
      ...block('npm ci && npm start'),
      '## Test it',
      ...block(testCommand),
      ...block('rm x'),
    ];
    writeFileSync(join(directory, 'README.md'), readme.join('\n'));
    writeFileSync(join(directory, 'calls'), '');
    const env = { PATH: directory + delimiter + process.env.PATH, CI: 'true', FAIL_AT: failAt };
    const child = spawnSync('bash', ['.ci/run'], {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const calls = readFileSync(join(directory, 'calls'), 'utf8').split('\n').filter(Boolean);
    return { status: child.status, calls, output: child.stdout + child.stderr };
  }

  it('installs, checks, tests as the README says, and tries the real peers', () => {
    const { status, calls, output } = run('npm ci && npm test -- --retry=1');
    expect(status).toBe(0);
    expect(calls).toEqual(['ci', 'run check', 'test -- --retry=1', 'run test:interop']);
    expect(output.trimEnd().split('\n').slice(-3)).toEqual([
      ' Test Files  1 passed (1)',
      '      Tests  3 passed (3)',
      '   Duration  1s',
    ]);
  });

  it.each(['ci', 'run check', 'test', 'run test:interop'])('ends with the exit code of a failing npm %s', (failAt) => {
    const { status, calls } = run('npm ci && npm test', failAt);
    expect(status).toBe(7);
    expect(calls.at(-1)).toBe(failAt);
  });

  it('refuses a README whose test command it cannot take apart', () => {
    const { status, calls, output } = run('npm install && npm test');
    expect(status).toBe(2);
    expect(calls).toEqual([]);
    expect(output).toContain("should be 'npm ci && …', and is 'npm install && npm test'");
  });

  it('is executable, and names no registry', () => {
    expect(statSync(join(projectDir, '.ci/run')).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(projectDir, '.ci/run'), 'utf8')).not.toMatch(/https?:|registry/);
  });
});
