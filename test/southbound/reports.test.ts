import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestController, type TestController } from '../support/controller.js';
import { nowhere } from '../northbound/plan.js';
import { pullingDevice } from './devices.js';

let controller: TestController;
beforeAll(async () => {
  controller = await startTestController();
});
afterAll(() => controller.stop());

const sample = (assigned: string): object => ({ id: nowhere, assigned, total: '253', peak: '201' });

test('each report is stored exactly once by its sequence, in whatever order and however often it comes', async () => {
  const { api, database } = controller;
  const { device, door } = await pullingDevice(api);
  const report = (sequence: number, assigned: string): Promise<{ lastSequence: number }> => door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence, ranges: [sample(assigned)] } });
  expect(await report(3, '30')).toEqual({ lastSequence: 3 });
  expect(await report(1, '10')).toEqual({ lastSequence: 3 });
  expect(await report(3, '99')).toEqual({ lastSequence: 3 });
  await Promise.all(Array.from({ length: 6 }, () => report(4, '40')));
  const stored = await database.query('select sequence, ranges from reports where device_id = $1 order by sequence', [device.id]);
  expect(stored).toEqual([
    { sequence: '1', ranges: [sample('10')] },
    { sequence: '3', ranges: [sample('30')] },
    { sequence: '4', ranges: [sample('40')] },
  ]);
  expect((await api.expect(200, 'GET', `/v1/devices/${device.id}`)).lastSeenAt).not.toBeNull();
});

test('counts beyond 2^63 are kept as they were said', async () => {
  const { database, api } = controller;
  const { device, door } = await pullingDevice(api);
  const range = { id: nowhere, assigned: String(2n ** 64n), total: String(2n ** 80n) };
  await door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence: 1, ranges: [range] } });
  expect(await database.query('select ranges from reports where device_id = $1', [device.id])).toEqual([{ ranges: [range] }]);
});

test('a slip to the end of the sequences is refused, and the reports behind it go on', async () => {
  const { api, database } = controller;
  const { device, door } = await pullingDevice(api);
  const report = (sequence: number): Promise<{ lastSequence: number }> => door.expect(202, 'POST', '/southbound/v1/reports', { body: { sequence, ranges: [sample('1')] } });
  const clock = Date.parse('2099-01-01T00:00:00Z');
  for (const sequence of [1, 2, clock]) expect(await report(sequence)).toEqual({ lastSequence: sequence });
  for (const sequence of [Number.MAX_SAFE_INTEGER, clock + 2 ** 48 + 1]) {
    const problem = await door.problem('invalid-request', 'POST', '/southbound/v1/reports', { body: { sequence, ranges: [sample('1')] } });
    expect(problem.errors).toEqual([{ in: 'body', pointer: '/sequence', detail: `must be at most ${clock + 2 ** 48}` }]);
  }
  expect(await report(clock + 1)).toEqual({ lastSequence: clock + 1 });
  expect(await database.query('select from reports where device_id = $1', [device.id])).toHaveLength(4);
});

test('what is no report is refused whole', async () => {
  const { api, database } = controller;
  const { device, door } = await pullingDevice(api);
  const bad = [{ sequence: 0, ranges: [] }, { sequence: 1.5, ranges: [] }, { sequence: 1, ranges: [sample('-1')] }, { sequence: 1, ranges: [{ id: 'x', assigned: '1', total: '1' }] }, { ranges: [] }];
  for (const body of bad) await door.problem('invalid-request', 'POST', '/southbound/v1/reports', { body });
  expect(await database.query('select from reports where device_id = $1', [device.id])).toEqual([]);
});
