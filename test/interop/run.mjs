/**
 * npm run test:interop: gets the real counterparts (by apt where it may) and runs the suites against them. A counterpart
 * that is missing is a failure, never a skip.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Which package brings which program, on Debian 12. */
const packages = {
  'kea-dhcp4': 'kea-dhcp4-server',
  'kea-dhcp6': 'kea-dhcp6-server',
  'kea-ctrl-agent': 'kea-ctrl-agent',
  perfdhcp: 'kea-admin',
  dhclient: 'isc-dhcp-client',
  ip: 'iproute2',
};

const root = fileURLToPath(new URL('../..', import.meta.url));
const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) };

const missing = () => Object.keys(packages).filter((program) => !env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program))));

function run(command, args, more = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...env, ...more } });
  return error === undefined && status === 0;
}

function fail(line) {
  console.error(`interop: ${line}`);
  process.exit(1);
}

if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  const wanted = [...new Set(missing().map((program) => packages[program]))];
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!run('apt-get', ['update', '-qq'], quiet) || !run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], quiet)) {
    fail(`apt-get could not install ${wanted.join(' ')}`);
  }
}
if (missing().length > 0) fail(`${missing().join(', ')} not found: install ${[...new Set(missing().map((program) => packages[program]))].join(' ')}`);
if (process.getuid?.() !== 0) fail('needs root: a DHCP client is run in a network namespace');

// The Node of the lock file, whatever started this script.
const locked = join(root, 'node_modules/.bin/node');
const node = existsSync(locked) ? locked : process.execPath;
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const config = join(root, 'test/interop/vitest.interop.config.ts');
process.exit(run(node, [vitest, 'run', '--config', config, ...process.argv.slice(2)]) ? 0 : 1);
