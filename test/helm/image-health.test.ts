/** The image's health check is run as Docker would run it, against a server that is well, one that is not, and none. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectDir } from './chart.js';

const dockerfile = readFileSync(join(projectDir, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const [, check] = /^HEALTHCHECK .*? CMD (\[.*\])$/m.exec(dockerfile) ?? [];
const [program, ...args] = JSON.parse(check ?? 'null') as [string, ...string[]];

async function exitCode(port: number): Promise<number | null> {
  expect(program).toBe('node');
  const child = spawn(process.execPath, args, { env: { CASM_PORT: String(port) }, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

it('tells a controller that is well from one that is not, and from none', async () => {
  let status = 200;
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await exitCode(port)).toBe(0);
  status = 503;
  expect(await exitCode(port)).toBe(1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(await exitCode(port)).toBe(1);
  expect(asked).toEqual(['/healthz', '/healthz']);
});
