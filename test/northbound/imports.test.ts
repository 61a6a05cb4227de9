import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { freeBlocks, newRoot, newSpace, nowhere, type ImportResult, type Pool } from './plan.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const bring = (spaceId: string, lines: readonly string[], query = ''): Promise<ImportResult> =>
  controller.api.expect(201, 'POST', `/v1/imports?spaceId=${spaceId}${query}`, { body: `${lines.join('\n')}\n` });
const outcomes = (result: ImportResult): [number, string, string[]][] => result.lines.map((line) => [line.line, line.outcome, line.prefixes]);

const file = [
  '2|apnic|20260701|6|19850701|20260630|+1000',
  'apnic|*|ipv4|*|3|summary',
  '# the records',
  'apnic|CN|ipv4|1.2.8.0|256|20110418|assigned',
  'apnic|CN|ipv4|1.2.9.0|256|20110418|assigned',
  'apnic|CN|ipv4|1.4.0.0|768|20110412|allocated',
  'apnic|CN|ipv6|2001:250::|35|20000426|allocated',
  'apnic|JP|ipv4|1.5.0.0|65536|20110414|allocated',
  'apnic|CN|asn|4134|1|20020801|allocated',
  'apnic|CN|ipv4|10.0.0.0|256|20110418|assigned',
  'apnic|CN|ipv4|1.2.8.128|128|20110418|assigned',
];

test('each line is answered: created, split, merged, refused; what is no record of ours is counted', async () => {
  const { api, database } = controller;
  const spaceId = await newSpace(api);
  const result = await bring(spaceId, file);
  expect(outcomes(result)).toEqual([
    [4, 'merged', ['1.2.8.0/23']],
    [5, 'merged', ['1.2.8.0/23']],
    [6, 'split', ['1.4.0.0/23', '1.4.2.0/24']],
    [7, 'created', ['2001:250::/35']],
    [8, 'created', ['1.5.0.0/16']],
    [10, 'refused', []],
    [11, 'refused', []],
  ]);
  expect(result.summary).toEqual({ created: 2, split: 1, merged: 2, unchanged: 0, refused: 2, ignored: 4 });
  expect(result.lines[5]).toMatchObject({ code: 'special-purpose', detail: expect.stringContaining('10.0.0.0/8') });
  expect(result.lines[6]).toMatchObject({ code: 'prefix-overlap', detail: 'overlaps line 4', text: file[10] });
  expect(result.pools.map((pool) => [pool.name, pool.created, pool.prefixes])).toEqual([['apnic-CN', true, 4], ['apnic-JP', true, 1]]);
  const { items } = await api.expect(200, 'GET', `/v1/pools?spaceId=${spaceId}`);
  expect(items.map((pool: Pool) => [pool.parentId, pool.name, pool.prefixes])).toEqual([
    [null, 'apnic-CN', ['1.2.8.0/23', '1.4.0.0/23', '1.4.2.0/24', '2001:250::/35']],
    [null, 'apnic-JP', ['1.5.0.0/16']],
  ]);
  expect(await freeBlocks(database, items[0].id)).toEqual(items[0].prefixes);
});

test('the same file again changes nothing, and a longer one adds what is new', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const first = await bring(spaceId, file);
  const poolId = first.pools[0]?.poolId ?? '';
  const etag = (await api.get(`/v1/pools/${poolId}`)).headers.get('etag');
  const again = await bring(spaceId, file);
  expect(again.summary).toEqual({ created: 0, split: 0, merged: 0, unchanged: 5, refused: 2, ignored: 4 });
  expect(again.lines[0]).toMatchObject({ outcome: 'unchanged', prefixes: ['1.2.8.0/23'], poolId });
  expect(again.pools).toEqual([]);
  expect((await api.get(`/v1/pools/${poolId}`)).headers.get('etag')).toBe(etag);
  const more = await bring(spaceId, [...file, 'apnic|CN|ipv4|1.8.0.0|65536|20110412|allocated']);
  expect(more.summary).toMatchObject({ created: 1, unchanged: 5, refused: 2 });
  expect(more.pools).toEqual([{ poolId, name: 'apnic-CN', created: false, prefixes: 1 }]);
  expect((await api.expect(200, 'GET', '/v1/integrity')).findings).toEqual([]);
});

test('a line that overlaps a root of somebody else, in part or around it, is refused; the rest is taken', async () => {
  const { api } = controller;
  const root = await newRoot(api, ['1.4.1.0/24']);
  const result = await bring(root.spaceId, file.slice(3));
  expect(result.lines[2]).toMatchObject({ line: 3, outcome: 'refused', code: 'prefix-overlap', detail: expect.stringContaining(root.id) });
  expect(result.summary).toMatchObject({ created: 2, merged: 2, split: 0, refused: 3 });
  const inside = await bring(root.spaceId, ['apnic|CN|ipv4|1.4.1.128|128|20110412|allocated']);
  expect(inside.lines[0]).toMatchObject({ outcome: 'unchanged', poolId: root.id, prefixes: ['1.4.1.0/24'] });
});

test('countries and family choose, however they are written', async () => {
  const spaceId = await newSpace(controller.api);
  const japan = await bring(spaceId, file, '&countries=jp,kr');
  expect(japan.summary).toEqual({ created: 1, split: 0, merged: 0, unchanged: 0, refused: 0, ignored: 10 });
  const six = await bring(spaceId, file, '&countries=CN&family=ipv6');
  expect(outcomes(six)).toEqual([[7, 'created', ['2001:250::/35']]]);
  await controller.api.problem('invalid-request', 'POST', `/v1/imports?spaceId=${spaceId}&countries=China`, { body: file.join('\n') });
});

test('lines end as they like, and a bad one harms no other', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const lines = [
    'apnic|CN|ipv4|255.255.255.0|512|20110418|assigned',
    'apnic|CN|ipv4|1.2.8.0|0|20110418|assigned',
    'apnic|CN|ipv4|1.2.8.300|256|20110418|assigned',
    'apnic|CN|ipv6|2001:250::1|35|20000426|allocated',
    'apnic|CN|ipv6|2001:250::|129|20000426|allocated',
    'apnic|China|ipv4|1.2.8.0|256|20110418|assigned',
    'half a line',
    'apnic|CN|ipv4|1.2.16.0|256|20110418|assigned',
  ];
  const result = await api.expect(201, 'POST', `/v1/imports?spaceId=${spaceId}`, { body: lines.join('\r\n') });
  expect(outcomes(result)).toEqual([...lines.slice(0, 7).map((_, at) => [at + 1, 'refused', []]), [8, 'created', ['1.2.16.0/24']]]);
  for (const line of result.lines.slice(0, 7)) expect(line).toMatchObject({ code: 'import-invalid', text: lines[line.line - 1] });
});

test('what is no such file changes nothing', async () => {
  const { api } = controller;
  const spaceId = await newSpace(api);
  const path = `/v1/imports?spaceId=${spaceId}`;
  for (const body of ['<html>not found</html>', 'a,b,c\n1,2,3', '\n\n', '']) await api.problem('import-invalid', 'POST', path, { body });
  await api.problem('unsupported-media-type', 'POST', path, { body: { file: 'apnic' } });
  await api.problem('space-not-found', 'POST', `/v1/imports?spaceId=${nowhere}`, { body: file.join('\n') });
  expect((await api.expect(200, 'GET', `/v1/pools?spaceId=${spaceId}`)).items).toEqual([]);
});
