/** Contract and routes are the same list: no operation without a route, no route without an operation. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allOperations } from '../../src/contract/contract.js';
import { startTestController, type TestController } from '../support/controller.js';
import { routesOf, type ServedRoute } from '../contract/routes.js';

let controller: TestController;
let routes: ServedRoute[];
beforeAll(async () => {
  ({ result: controller, routes } = await routesOf(startTestController));
});
afterAll(() => controller.stop());

const asServed = (path: string): string => path.replace(/\{([^}]+)\}/g, ':$1');
/** HEAD comes with every GET and answers as it does. */
const own = (): string[] => routes.filter((route) => route.method !== 'HEAD').map(({ method, url }) => `${method} ${url}`);

test.each(allOperations.map((operation) => [operation.id, `${operation.method} ${asServed(operation.path)}`]))('%s has exactly one route', (_, route) => {
  expect(own().filter((one) => one === route)).toEqual([route]);
});

test('every route is in the contract, but for the pages that show it', () => {
  const known = allOperations.map((operation) => `${operation.method} ${asServed(operation.path)}`);
  const pages = ['GET /', 'GET /docs', 'GET /docs/', 'GET /docs/start.js', 'GET /docs/problems', 'GET /docs/assets/*'];
  expect(own().filter((route) => !known.includes(route)).toSorted()).toEqual(pages.toSorted());
});

test('the contract that is served is the one that is kept', async () => {
  const served = await controller.api.expect(200, 'GET', '/openapi.json', { token: null });
  const operations = Object.values(served.paths as Record<string, Record<string, { operationId?: string }>>).flatMap((item) => Object.values(item).flatMap((operation) => operation.operationId ?? []));
  expect(operations.length).toBeGreaterThan(25);
  expect(allOperations.map((operation) => operation.id)).toEqual(expect.arrayContaining(operations));
});

test('the pages are open, load nothing from elsewhere, and the problem type leads somewhere', async () => {
  const page = await controller.api.ask('GET', '/docs', { token: null });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain(`default-src 'self'`);
  const assets = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(assets.length).toBeGreaterThan(2);
  for (const asset of assets) expect((await controller.api.ask('GET', asset, { token: null })).status, asset).toBe(200);
  const root = await controller.api.ask('GET', '/', { token: null });
  expect([root.status, root.headers.get('location')]).toEqual([302, '/docs']);
  const problem = await controller.api.problem('route-not-found', 'GET', '/v1/nothing');
  expect((await controller.api.ask('GET', String(problem.type).split('#')[0] ?? '', { token: null })).status).toBeLessThan(400);
  expect((await controller.api.ask('GET', '/docs/assets/package.json', { token: null })).status).toBe(404);
  expect((await controller.api.ask('GET', '/docs/assets/..%2f..%2fpackage.json', { token: null })).status).toBeGreaterThanOrEqual(400);
});
