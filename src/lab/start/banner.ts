/** What `npm start` says when all is up. Pure text; every command in it works as it stands. */
import type { Emulator } from './emulators.js';

export interface BannerFacts {
  readonly url: string;
  readonly adminToken: string;
  readonly dataFolder: string;
  readonly emulators: readonly Emulator[];
  /** Whether the plan is there to be asked. */
  readonly planned: boolean;
}

export function banner({ url, adminToken, dataFolder, emulators, planned }: BannerFacts): string {
  const lab = emulators.map(({ name, role, url: at }) => `    ${name.padEnd(14)}${role.padEnd(22)}${at}`);
  const body = JSON.stringify({ poolSelector: { labels: { region: 'north' } }, family: 'ipv4', prefixLength: 26, holder: 'my-first-customer', service: 'internet' });
  const first = planned
    ? ['  Request a prefix:', `    curl -sS ${url}/v1/allocations ${header('Authorization', `Bearer ${adminToken}`)} ${header('Content-Type', 'application/json')} -d ${quoted(body)}`]
    : ['  Make a first space:', `    curl -sS ${url}/v1/spaces ${header('Authorization', `Bearer ${adminToken}`)} ${header('Content-Type', 'application/json')} -d ${quoted('{"name":"internet"}')}`];
  return [
    '',
    '  The CASM controller is ready.',
    '',
    `    API           ${url}/v1`,
    `    Documentation ${url}/docs`,
    `    Admin token   ${adminToken}`,
    `    Data and logs ${dataFolder}`,
    '',
    ...(lab.length > 0 ? ['  The lab (GET / of each shows its state):', ...lab, ''] : []),
    ...first,
    '',
    '  Ctrl-C stops it all; the data is kept.',
    '',
  ].join('\n');
}

function header(name: string, value: string): string {
  return `-H ${quoted(`${name}: ${value}`)}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
