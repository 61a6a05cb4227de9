/** Arbitrary requests of devices, and of parent CAs: they fetch documents, confirm or refuse what they were given, and report. */
import fc from 'fast-check';
import { deviceAt, nth, pick, type Request } from './picking.js';
import type { World } from './world.js';

let sequence = 0;

/** Mostly the newest, now and then an older one, or one that it was never given. */
const revisionOf = (world: World, deviceId: string, back: number): string => {
  const given = [...(world.devices.get(deviceId)?.given.keys() ?? [])].sort((a, b) => b - a);
  return String(back === 0 ? (given[0] ?? 0) + 1 : (given[Math.min(back, given.length) - 1] ?? 1));
};
const back = fc.constantFrom(1, 1, 1, 1, 2, 3, 0);

const pull = pick.map((at): Request => (world) => ofDevice(world, at, 'pullDocument', () => ({})));
const acknowledge = fc.record({ at: pick, back, applied: fc.nat(5).map((one) => one > 0) }).map(({ at, back, applied }): Request => (world) =>
  ofDevice(world, at, 'acknowledgeDocument', (deviceId) => ({ revision: revisionOf(world, deviceId, back), applied })),
);
const report = fc.record({ at: pick, back: fc.option(back, { nil: undefined }), idle: fc.nat(3) }).map(({ at, back, idle }): Request => (world) =>
  ofDevice(world, at, 'reportUsage', (deviceId) => {
    const ids = [...world.taken].flatMap(([id, { byDevice, state }]) => (byDevice?.deviceId === deviceId && state !== 'quarantined' ? [id] : []));
    const ranges = ids.map((id) => ({ id, assigned: idle === 0 && id === nth(ids, at) ? '3' : '0' }));
    return { sequence: (sequence += 1), ...(back === undefined ? {} : { revision: revisionOf(world, deviceId, back) }), ranges };
  }),
);

function ofDevice(world: World, at: number, operation: string, input: (deviceId: string) => object): ReturnType<Request> {
  const deviceId = deviceAt(world, at);
  return deviceId === undefined ? undefined : { operation, input: { deviceId, ...input(deviceId) } };
}

export const deviceRequest: fc.Arbitrary<Request> = fc.oneof({ weight: 3, arbitrary: pull }, { weight: 3, arbitrary: acknowledge }, { weight: 1, arbitrary: report });
