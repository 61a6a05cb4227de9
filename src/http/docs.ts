/** /docs: the contract to read, served whole from our own server; nothing is fetched from anywhere else. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { statuses } from './problem.filter.js';

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>CASM northbound</title>
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css" />
  </head>
  <body>
    <main id="docs"></main>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, persistAuthorization: false });\n`;

/** Where the `type` of a problem leads: each code at its anchor. */
function problemsPage(): string {
  const rows = Object.entries(statuses).map(([code, status]) => `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td></tr>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>CASM problem codes</title>
    <style>body { font-family: sans-serif; margin: 2em; } td { padding: 0.2em 1em; } tr:target { background: #ffec99; }</style>
  </head>
  <body>
    <h1>Problem codes</h1>
    <p>A problem's <code>code</code> is stable; its <code>detail</code> says what was wrong with the request and what is possible instead. <a href="/docs">The contract</a> says which operation refuses with what.</p>
    <table><tr><th>code</th><th>status</th></tr>${rows.join('')}</table>
  </body>
</html>
`;
}

export async function serveDocs(server: FastifyInstance): Promise<void> {
  const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/swagger-ui.css'));
  await server.register(staticFiles, { root: assets, prefix: '/docs/assets/', index: false, allowedPath: (path) => /^\/swagger-ui(-bundle)?\.(css|js)$/.test(path) });
  const policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'";
  server.get('/docs', (_, reply) => reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(page));
  server.get('/docs/', (_, reply) => reply.redirect('/docs'));
  server.get('/docs/start.js', (_, reply) => reply.type('text/javascript').send(start));
  server.get('/docs/problems', (_, reply) => reply.header('content-security-policy', policy).type('text/html; charset=utf-8').send(problemsPage()));
  server.get('/', (_, reply) => reply.redirect('/docs'));
}
